import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { isSameServer, readConfiguration, saveConnection } from './config.ts';
import { startFakeServer } from './testing/fake-server.ts';
import { run } from './testing/run-cli.ts';

const directory = await mkdtemp(join(tmpdir(), 'sallyport-config-'));
const file = join(directory, 'sallyport', 'cli.json');
const environment = { XDG_CONFIG_HOME: directory };
const server = await startFakeServer();
server.documents.set('/v1/health', { status: 'ok' });
after(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

test('connect takes a key from standard input, and what it saves only its owner can read', async () => {
  const connect = ['connect', '--server', server.url, '--key-file', '-'];
  const { exitCode, stdout, stderr } = await run(connect, { environment, input: `${server.key}\n` });
  assert.equal(exitCode, 0, stderr);
  assert.doesNotMatch(stdout + stderr, new RegExp(server.key));
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await run(['status'], { environment })).exitCode, 0, 'the saved connection is used');
  assert.deepEqual(await readdir(join(directory, 'sallyport')), ['cli.json']);
});

test('a link planted where the connection is saved is replaced, not written through', async () => {
  const elsewhere = join(directory, 'elsewhere');
  await writeFile(elsewhere, 'untouched');
  await rm(file, { force: true });
  await symlink(elsewhere, file);
  saveConnection(file, { server: server.url, key: server.key });
  assert.equal(await readFile(elsewhere, 'utf8'), 'untouched');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test('a saved key that others can read is not used, and how to mend it is said', async () => {
  saveConnection(file, { server: server.url, key: server.key });
  await chmod(file, 0o644);
  const { exitCode, stderr } = await run(['status'], { environment });
  assert.equal(exitCode, 1);
  assert.match(stderr, /others on this machine can read the key in it.*\nhint: chmod 600 .*\nhint: if others may have/);
  await rm(file);
});

test('a saved key and a saved CA go to the saved server only, however its address is written', async () => {
  saveConnection(file, { server: 'https://a.example', key: 'sp_saved', caFile: '/saved.pem' });
  const at = (more: Record<string, string>) => readConfiguration({ ...environment, ...more }).connection();
  assert.deepEqual([at({}).key, at({}).caFile], ['sp_saved', '/saved.pem']);
  assert.equal(at({ SALLYPORT_SERVER: 'https://A.example:443/' }).key, 'sp_saved');
  const other = at({ SALLYPORT_SERVER: 'https://b.example' });
  assert.deepEqual([other.key, other.caFile], [undefined, undefined]);
  const flagged = await run(['status', '--server', server.url], { environment });
  assert.equal(flagged.exitCode, 4, 'the server of the flag is asked without the saved key');
  await rm(file);
});

test('two addresses are the same server only with the same scheme, host and port', () => {
  assert.ok(isSameServer('http://127.0.0.1:8470/', 'http://127.0.0.1:8470'));
  for (const other of ['https://127.0.0.1:8470', 'http://127.0.0.1:8471', 'http://127.0.0.1.evil:8470', '', undefined])
    assert.ok(!isSameServer('http://127.0.0.1:8470', other));
  fc.assert(fc.property(fc.webUrl(), (url) => isSameServer(url, url)));
});

test('a configuration that is none is refused with what to do; nothing in it is trusted', async () => {
  await mkdir(join(directory, 'sallyport'), { recursive: true });
  for (const content of ['', 'x', '[]', '"key"', '{'.repeat(100_000), '\0'.repeat(100_000)]) {
    await writeFile(file, content, { mode: 0o600 });
    const { exitCode, stderr } = await run(['status'], { environment });
    assert.equal(exitCode, 1);
    assert.match(stderr, /^error: Cannot (use|read) ".*cli\.json": .*\nhint: delete it/);
  }
  await writeFile(file, '{"server":7,"key":{"x":1},"caFile":[]}', { mode: 0o600 });
  assert.deepEqual(
    [readConfiguration(environment).connection().server, readConfiguration(environment).connection().key],
    [undefined, undefined],
  );
  await rm(file);
});

test('a key that is none is refused before it is sent, and never shown', async () => {
  for (const bad of ['sp_a b', 'sp_a\nx-evil: 1', 'sp_ä', '']) {
    const { exitCode, stderr } = await run(['connect', '--server', server.url, '--key-file', '-'], {
      environment,
      input: `${bad}x`.replace(/^x$/, ' x x'),
    });
    assert.equal(exitCode, 2);
    assert.match(stderr, /^error: Cannot use the key: must be one word of plain characters\nhint: /);
    assert.doesNotMatch(stderr, /sp_a/);
  }
  const inAddress = await run(['status', '--server', 'http://me:secret@127.0.0.1:1'], { environment });
  assert.equal(inAddress.exitCode, 2);
  assert.doesNotMatch(inAddress.stderr, /secret/);
});

test('without a key, connect says how to give one that others do not see', async () => {
  const { exitCode, stderr } = await run(['connect', '--server', server.url], { environment });
  assert.equal(exitCode, 2);
  assert.match(stderr, /hint: give one with --key-file/);
  const insecure = await run(['connect', '--server', 'http://192.0.2.1:8470', '--key', 'sp_x'], { environment });
  assert.equal(insecure.exitCode, 2);
  assert.match(insecure.stderr, /is not encrypted, must be https unless on this machine/);
  assert.doesNotMatch(insecure.stderr, /sp_x/);
});
