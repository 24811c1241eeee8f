import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import { answerHook } from './answer-hook.ts';

/** What the server does with the next hook. */
let does: (response: ServerResponse, wait: string | undefined) => void = (response) => response.end('{}');
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => does(response, request.headers['prefer']?.toString()));
});
let address = '';

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  address = `http://127.0.0.1:${bound.port}`;
});
after(() => server.close());

const hook = Buffer.from(JSON.stringify({ hook_event_name: 'PreToolUse', tool_name: 'Bash', tool_input: {} }));
const asked = (...args: string[]) =>
  answerHook({
    args: ['codex', ...args],
    environment: { SALLYPORT_AGENT_TOKEN: 'spa_x', SALLYPORT_AGENT_SERVER: address },
    hook,
  });

test('a person is asked for as long as the settings let it, and the answer comes after signs of life', async () => {
  const waits: (string | undefined)[] = [];
  does = (response, wait) => {
    waits.push(wait);
    response.writeProcessing();
    response.writeProcessing();
    response.end('{"decision":"block"}');
  };
  assert.deepEqual(await asked('--wait', '300'), { stdout: '{"decision":"block"}', stderr: '', exitCode: 0 });
  await asked('--wait', '9999', '--fail', 'open');
  await asked();
  await asked('--wait', 'x');
  assert.deepEqual(waits, ['wait=300', 'wait=600', undefined, undefined]);
});

test('a server that goes away while a person is asked is a no, whatever is set for one that cannot be reached', async () => {
  does = (response) => {
    response.writeProcessing();
    setImmediate(() => response.destroy());
  };
  const lost = await asked('--wait', '300', '--fail', 'open');
  assert.equal(lost.exitCode, 2);
  assert.match(lost.stderr, /while a person was asked/);
  does = (response) => void response.destroy();
  // It took the question: what it said of it nobody knows.
  assert.equal((await asked('--wait', '300', '--fail', 'open')).exitCode, 2);
  assert.equal((await asked('--wait', '300')).exitCode, 2);
});
