import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { buildGuard } from '../build.ts';
import { answerHook } from './answer-hook.ts';

/** What the server says next. */
let says: { status: number; body: string } = { status: 200, body: '{}' };
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(says.status, { 'content-type': 'application/json' }).end(says.body));
});
let address = '';

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  address = `http://127.0.0.1:${bound.port}`;
});
after(() => server.close());

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

test('the bundle is one file that needs nothing beside Node', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-guard-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  const file = await buildGuard(directory);
  const { status, stderr } = spawnSync(process.execPath, [file, 'codex'], { input: asking, env: {}, encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /sallyport agent run/);
});
