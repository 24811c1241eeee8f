import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { answerHook } from './answer-hook.ts';

// Who is signed in is told by the command line; in its place stands a script that writes down what it was asked.
const directory = mkdtempSync(join(tmpdir(), 'sallyport-first-contact-'));
const bin = join(directory, 'bin');
const state = join(directory, 'state');
const runs = join(state, 'sallyport', 'agent-runs');
const asked = join(directory, 'asked');
let status = 200;
let tokens: string[] = [];
const server = createServer((request, response) => {
  tokens.push(request.headers.authorization ?? '');
  request.resume();
  request.on('end', () => response.writeHead(status, { 'content-type': 'application/json' }).end('{}'));
});
let address = '';

before(async () => {
  mkdirSync(bin);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  address = `http://127.0.0.1:${bound.port}`;
});
after(() => {
  server.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  rmSync(state, { recursive: true, force: true });
  rmSync(asked, { force: true });
  status = 200;
  tokens = [];
  commandLine(`echo '${JSON.stringify({ token: 'spa_first', server: address })}'`);
});

function commandLine(does: string): void {
  const file = join(bin, 'sallyport');
  writeFileSync(file, `#!/bin/sh\necho "$@" >> '${asked}'\n${does}\n`);
  chmodSync(file, 0o755);
}
const environment = () => ({ PATH: `relative:${bin}:/usr/bin:/bin`, XDG_STATE_HOME: state });
const hook = (name: string, more: object = {}) =>
  Buffer.from(JSON.stringify({ hook_event_name: name, session_id: 'h-1', ...more }));
const call = () => answerHook({ args: ['codex'], environment: environment(), hook: hook('PreToolUse') });
const askedLines = () => readFileSync(asked, 'utf8').trim().split('\n');

test('the first hook of a conversation begins a run for who is signed in, and the next ones go on with it', async () => {
  const start = hook('SessionStart', { source: 'startup' });
  assert.equal((await answerHook({ args: ['codex'], environment: environment(), hook: start })).exitCode, 0);
  assert.equal((await call()).exitCode, 0);
  assert.deepEqual(askedLines(), ['agent begin codex']);
  assert.deepEqual(tokens, ['Bearer spa_first', 'Bearer spa_first']);
  const [file = ''] = readdirSync(runs);
  assert.equal(readFileSync(join(runs, file), 'utf8').includes('spa_first'), true);
});

test('several hooks at once begin one run', async () => {
  commandLine(`sleep 0.2; echo '${JSON.stringify({ token: 'spa_first', server: address })}'`);
  const answers = await Promise.all([call(), call(), call()]);
  assert.deepEqual(
    answers.map(({ exitCode }) => exitCode),
    [0, 0, 0],
  );
  assert.equal(askedLines().length, 1);
});

test('a conversation whose beginning nobody saw is told to go on from before', async () => {
  await call();
  assert.deepEqual(askedLines(), ['agent begin codex --resumed']);
  // A quiet quarter of an hour later the server knows the run no more: what was read in it is not forgotten by that.
  const [file = ''] = readdirSync(runs);
  utimesSync(join(runs, file), 1, 1);
  await answerHook({ args: ['codex'], environment: environment(), hook: hook('SessionStart', { source: 'startup' }) });
  assert.deepEqual(askedLines().slice(1), ['agent begin codex --resumed']);
});

test('whom the server does not know is refused, and begins anew with the next hook', async () => {
  status = 401;
  assert.equal((await call()).exitCode, 2);
  status = 200;
  assert.equal((await call()).exitCode, 0);
  assert.equal(askedLines().length, 2);
});

test('what others on the machine could have written speaks for nobody', async () => {
  await call();
  const [file = ''] = readdirSync(runs);
  chmodSync(join(runs, file), 0o644);
  await call();
  assert.equal(askedLines().length, 2);
});

test('where nobody is signed in nothing goes ahead, and where their server is gone it does only as chosen', async () => {
  commandLine('exit 4');
  const open = ['codex', '--fail', 'open'];
  const nobody = await answerHook({ args: open, environment: environment(), hook: hook('PreToolUse') });
  assert.equal(nobody.exitCode, 2);
  assert.match(nobody.stderr, /nobody is signed in here/);
  commandLine('exit 3');
  const gone = await call();
  assert.equal(gone.exitCode, 2);
  assert.match(gone.stderr, /the server cannot be asked/);
  const passed = await answerHook({ args: open, environment: environment(), hook: hook('PreToolUse') });
  assert.deepEqual([passed.exitCode, passed.stdout], [0, '{}']);
});
