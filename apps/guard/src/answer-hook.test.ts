import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { answerHook } from './answer-hook.ts';

/** What the server says next. */
let says: { status: number; body: string } = { status: 200, body: '{}' };
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(says.status, { 'content-type': 'application/json' }).end(says.body));
});
let address = '';

/** Takes the question, and falls before it answers. */
const fallingServer = createServer((request) => request.on('end', () => request.socket.destroy()).resume());
let falling = '';
const state = mkdtempSync(join(tmpdir(), 'sallyport-guard-state-'));

async function listen(of: Server): Promise<string> {
  await new Promise<void>((resolve) => of.listen(0, '127.0.0.1', resolve));
  const bound = of.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  return `http://127.0.0.1:${bound.port}`;
}

before(async () => {
  address = await listen(server);
  falling = await listen(fallingServer);
});
after(() => {
  server.close();
  fallingServer.close();
  rmSync(state, { recursive: true, force: true });
});

const asking = Buffer.from(JSON.stringify({ hook_event_name: 'PreToolUse', tool_name: 'Bash', tool_input: {} }));
const telling = Buffer.from(JSON.stringify({ hook_event_name: 'PostToolUse' }));
const environment = () => ({ SALLYPORT_AGENT_TOKEN: 'spa_x', SALLYPORT_AGENT_SERVER: address });

test('what the server says is handed on as it is', async () => {
  says = { status: 200, body: '{"decision":"block"}' };
  assert.deepEqual(await answerHook({ args: ['codex'], environment: environment(), hook: asking }), {
    stdout: '{"decision":"block"}',
    stderr: '',
    exitCode: 0,
  });
});

test('an answer that is none is a no for what asks, with a reason, and holds up nothing that only tells', async () => {
  for (const wrong of [
    { status: 200, body: '' },
    { status: 200, body: '[]' },
    { status: 200, body: '<html>' },
    { status: 401, body: '{}' },
    { status: 500, body: '{}' },
    { status: 200, body: `{"a":"${'x'.repeat(13 * 1024 * 1024)}"}` },
  ]) {
    says = wrong;
    const refused = await answerHook({ args: ['codex'], environment: environment(), hook: asking });
    assert.equal(refused.exitCode, 2, wrong.body.slice(0, 20));
    assert.match(refused.stderr, /^Sallyport: ./);
    assert.equal(refused.stdout, '');
    const told = await answerHook({ args: ['codex'], environment: environment(), hook: telling });
    assert.deepEqual([told.exitCode, told.stdout], [0, '{}']);
  }
});

test('"--fail open" goes on where nobody is there, and at nothing an agent can bring about itself', async () => {
  const open = (more: Readonly<Record<string, string>>) =>
    answerHook({
      args: ['codex', '--fail', 'open'],
      environment: { ...environment(), XDG_STATE_HOME: state, ...more },
      hook: asking,
    });
  // Nobody listens on the first port of this machine.
  const gone = await open({ SALLYPORT_AGENT_SERVER: 'http://127.0.0.1:1' });
  assert.deepEqual([gone.exitCode, gone.stdout], [0, '{}'], gone.stderr);
  assert.match(gone.stderr, /going on/);
  const [empty, words] = [join(state, 'empty.pem'), join(state, 'words.pem')];
  writeFileSync(empty, '');
  writeFileSync(words, 'no certificate\n');
  const refusals: [more: Readonly<Record<string, string>>, told: RegExp][] = [
    [{ SALLYPORT_AGENT_CA: join(state, 'nowhere.pem') }, /certificate of the server cannot be read/],
    [{ SALLYPORT_AGENT_CA: empty }, /certificate of the server cannot be read/],
    [{ SALLYPORT_AGENT_CA: words }, /certificate of the server cannot be read/],
    [{ SALLYPORT_AGENT_SERVER: 'http://elsewhere.example:1' }, /https/],
    [{ SALLYPORT_AGENT_SERVER: address.replace('http:', 'https:') }, /did not answer/],
    [{ SALLYPORT_AGENT_SERVER: falling }, /did not answer/],
  ];
  for (const [more, told] of refusals) {
    const { exitCode, stderr } = await open(more);
    assert.equal(exitCode, 2, JSON.stringify(more));
    assert.match(stderr, told);
  }
});

test('whatever comes in, there is an answer, and what cannot be read is a no', async () => {
  says = { status: 500, body: '' };
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.string(), { maxLength: 3 }),
      async (bytes, args) => {
        const answer = await answerHook({ args, environment: environment(), hook: Buffer.from(bytes) });
        assert.equal(answer.exitCode, 2);
        assert.notEqual(answer.stderr, '');
      },
    ),
    { numRuns: 60 },
  );
});
