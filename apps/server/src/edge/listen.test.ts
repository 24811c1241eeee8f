import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import { createTestEdge, operator, send } from './edge-testing.ts';

function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-edge-'));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test('plain HTTP is refused on every address that is not loopback', async () => {
  await using server = await createTestEdge();
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.org', '', '127.evil.example']) {
    await assert.rejects(server.edge.listen({ host, port: 0 }), { code: 'plain_http_not_loopback' }, host);
  }
});

test('the operator’s socket is for its owner alone, needs no key and does not ask for a host', async (context) => {
  const socketFile = join(temporaryDirectory(context), 'run', 'operator.sock');
  await using local = await createTestEdge();
  assert.equal(await local.edge.openSocket({ socketFile, operator }), `unix:${socketFile}`);
  assert.equal(statSync(socketFile).mode & 0o777, 0o600);
  assert.equal(statSync(join(socketFile, '..')).mode & 0o777, 0o700);
  const reply = await send({ socketPath: socketFile, path: '/v1/items/a', headers: { host: 'sallyport' } });
  assert.deepEqual(reply.json, { limit: 10, by: 'local' });
  await using second = await createTestEdge();
  await assert.rejects(second.edge.openSocket({ socketFile, operator }), { code: 'socket_in_use' });
});

test('a socket a killed server left behind is replaced, a file is not', async (context) => {
  const directory = temporaryDirectory(context);
  const socketFile = join(directory, 'operator.sock');
  const script = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script, socketFile]);
  assert.ok(statSync(socketFile).isSocket());
  await using local = await createTestEdge();
  await local.edge.openSocket({ socketFile, operator });
  assert.equal((await send({ socketPath: socketFile, path: '/v1/public' })).status, 200);
  const file = join(directory, 'precious.txt');
  writeFileSync(file, 'kept');
  await using other = await createTestEdge();
  await assert.rejects(other.edge.openSocket({ socketFile: file, operator }), { code: 'socket_in_use' });
  await assert.rejects(other.edge.openSocket({ socketFile: join(directory, 'a'.repeat(200)), operator }), {
    code: 'socket_path_too_long',
  });
});
