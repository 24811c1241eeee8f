import { newerThanNode20 } from '@sallyport/testing/newer-than-node-20';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildGuard } from '../build.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-guard-'));
let guard = '';
/** Longer than a pipe holds. */
const long = JSON.stringify({ x: 'y'.repeat(1024 * 1024) });
let received = '';
const server = createServer((request, response) => {
  received = '';
  request.setEncoding('utf8').on('data', (text: string) => (received += text));
  request.on('end', () => response.end(long));
});
const environment: Record<string, string> = { SALLYPORT_AGENT_TOKEN: 'spa_x', XDG_STATE_HOME: directory };
const asking = JSON.stringify({ hook_event_name: 'PreToolUse', tool_name: 'Bash', tool_input: {} });

before(async () => {
  guard = await buildGuard(directory);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  environment['SALLYPORT_AGENT_SERVER'] = `http://127.0.0.1:${bound.port}`;
});
after(() => {
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

function started(env: Readonly<Record<string, string>>, nodeOptions: readonly string[] = []) {
  const child = spawn(process.execPath, [...nodeOptions, guard, 'codex'], { env });
  let output = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'close').then(([code]: unknown[]) => ({ code, output, said }));
  return { child, ended };
}

test('the bundle is two files that need nothing beside Node, and the first does for a hook', () => {
  const files = readdirSync(directory).filter((file) => file.endsWith('.mjs'));
  assert.deepEqual(files.toSorted(), ['sallyport-guard-mcp.mjs', 'sallyport-guard.mjs']);
  for (const file of files) assert.deepEqual(newerThanNode20(readFileSync(join(directory, file), 'utf8')), []);
  const alone = mkdtempSync(join(directory, 'alone-'));
  const copy = join(alone, 'sallyport-guard.mjs');
  copyFileSync(guard, copy);
  const hook = spawnSync(process.execPath, [copy, 'codex'], { input: asking, env: {}, encoding: 'utf8' });
  assert.equal(hook.status, 2);
  assert.match(hook.stderr, /sallyport agent run/);
  const gateway = spawnSync(process.execPath, [copy, 'mcp'], { env: {}, encoding: 'utf8' });
  assert.equal(gateway.status, 2);
  assert.match(gateway.stderr, /sallyport-guard-mcp\.mjs.*beside/);
});

test('a hook that comes in pieces and an answer longer than a pipe holds go through whole', async () => {
  const { child, ended } = started(environment);
  const hook = JSON.stringify({ hook_event_name: 'PreToolUse', tool_input: { x: 'z'.repeat(300_000) } });
  child.stdin.write(hook.slice(0, 10));
  child.stdin.write(hook.slice(10, 100_000));
  child.stdin.end(hook.slice(100_000));
  assert.deepEqual(await ended, { code: 0, output: long, said: '' });
  assert.equal(received, hook);
});

test('an answer that nobody can be given is a no', async () => {
  const { child, ended } = started(environment);
  child.stdout.destroy();
  child.stdin.end(asking);
  const { code, said } = await ended;
  assert.equal(code, 2);
  assert.match(said, /cannot be answered/);
});

test('an answer whose rest nobody takes any more is a no, also through a pipe that does not wait', async () => {
  // To open it as a stream makes the pipe one that does not wait, as some harnesses hand it over.
  const waits =
    'const write = process.stdout.write.bind(process.stdout);' +
    "process.stdout.write = (...all) => { const is = write(...all); process.stderr.write('the rest waits\\n'); return is; };";
  const options = ['--import', `data:text/javascript,${encodeURIComponent(waits)}`];
  const child = spawn(process.execPath, [...options, guard, 'codex'], { env: environment });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.includes('the rest waits')) child.stdout.destroy();
  });
  child.stdin.end(asking);
  const [code] = await once(child, 'close');
  assert.equal(code, 2, said);
  assert.match(said, /the rest waits[^]*cannot be answered/);
});

test('a hook loads neither a client of HTTP nor of TLS nor cryptography', async () => {
  const list = "process.on('exit',()=>process.stderr.write(process.moduleLoadList.join()))";
  const { child, ended } = started(environment, ['--import', `data:text/javascript,${encodeURIComponent(list)}`]);
  child.stdin.end(asking);
  const { code, said } = await ended;
  assert.equal(code, 0);
  assert.match(said, /NativeModule net\b/);
  for (const heavy of [
    'http',
    '_http_client',
    'tls',
    'crypto',
    'perf_hooks',
    'child_process',
    'internal/deps/undici/undici',
  ])
    assert.ok(!said.split(',').includes(`NativeModule ${heavy}`), heavy);
});
