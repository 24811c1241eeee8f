import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startFakeServer } from '../testing/fake-server.ts';
import { run } from '../testing/run-cli.ts';

const directory = await mkdtemp(join(tmpdir(), 'sallyport-keys-'));
await mkdir(join(directory, 'run'));
const operator = await startFakeServer(join(directory, 'run', 'operator.sock'));
const server = await startFakeServer();
after(async () => {
  await operator.close();
  await server.close();
  await rm(directory, { recursive: true });
});

test('a key is made over the operator socket; the key alone is on stdout', async () => {
  const { exitCode, stdout, stderr } = await run([
    'key',
    'create',
    '--scopes',
    'events:write,alerts:read',
    '--name',
    'laptop',
    '--expires',
    '90d',
    '--data',
    directory,
  ]);
  assert.equal(exitCode, 0, stderr);
  assert.equal(stdout, 'sp_new_1\n');
  assert.match(stderr, /Key k0 may events:write, alerts:read\. It is not shown again\.\nhint: /);
  const list = await run(['key', 'list'], { environment: { SALLYPORT_DATA: directory } });
  const [head, row] = list.stdout.split('\n');
  assert.match(head ?? '', /^ID +STATE +NAME +MAY$/);
  assert.match(row ?? '', /^k0 +valid until 2026-05-30 +laptop +events:write,alerts:read$/);
  assert.equal((await run(['key', 'revoke', 'k0', '--data', directory])).stdout, 'Revoked k0\n');
  assert.equal((await run(['key', 'revoke', 'k9/../x', '--data', directory])).exitCode, 1);
});

test('without a server the hint names the socket, and with --server and --key the network is used', async () => {
  const { exitCode, stderr } = await run(['key', 'list', '--data', join(directory, 'elsewhere')]);
  assert.equal(exitCode, 3);
  assert.match(
    stderr,
    /Cannot reach .*operator\.sock.*\nhint: start the server on this machine, or name its data directory/,
  );
  assert.equal((await run(['key', 'list', '--server', server.url, '--key', server.key])).exitCode, 0);
  assert.equal((await run(['key', 'list', '--server', server.url, '--key', 'sp_wrong'])).exitCode, 4);
});

test('connect saves address and key readable by the owner alone, also over a file that was open to all', async () => {
  const environment = { XDG_CONFIG_HOME: join(directory, 'config') };
  const file = join(directory, 'config', 'sallyport', 'cli.json');
  await mkdir(join(directory, 'config', 'sallyport'), { recursive: true });
  await writeFile(file, '{}', { mode: 0o644 });
  server.documents.set('/v1/health', { status: 'ok' });
  assert.equal((await run(['connect', '--server', server.url, '--key', 'sp_wrong'], { environment })).exitCode, 4);
  const { exitCode, stderr } = await run(['connect', '--server', server.url, '--key', server.key], { environment });
  assert.equal(exitCode, 0, stderr);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await run(['status'], { environment })).exitCode, 0);
  // The environment and a flag go before it; the saved key is not shown to another server.
  const other = await startFakeServer();
  await run(['status', '--server', other.url], { environment });
  await run(['status'], { environment: { ...environment, SALLYPORT_SERVER: other.url } });
  other.documents.set('/v1/health', { status: 'ok' });
  assert.equal((await run(['status', '--server', other.url], { environment })).exitCode, 4);
  assert.equal(
    (await run(['status', '--server', other.url], { environment: { ...environment, SALLYPORT_KEY: other.key } }))
      .exitCode,
    0,
  );
  await other.close();
  await writeFile(file, 'garbage');
  const broken = await run(['status'], { environment });
  assert.match(broken.stderr, /must be a JSON object\nhint: delete it/);
  assert.equal(broken.exitCode, 1);
  assert.equal(await readFile(file, 'utf8'), 'garbage');
});
