import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createFrontier, formatCheckpoint, hashLeaf } from '@sallyport/merkle-log';
import { createLogKey } from '../testing/build-evidence.ts';
import { run } from '../testing/run-cli.ts';

const directory = await mkdtemp(join(tmpdir(), 'sallyport-keep-'));
const origin = 'sallyport/test/1';
const own = createLogKey(origin);
let log: {
  readonly entries: readonly string[];
  readonly key: ReturnType<typeof createLogKey>;
  readonly origin: string;
} = {
  entries: ['a', 'b', 'c'],
  key: own,
  origin,
};

/** A server whose log is what `log` says. */
const server = http.createServer((request, reply) => {
  const leaves = log.entries.map((entry) => hashLeaf(Buffer.from(entry)));
  const frontier = createFrontier();
  for (const leaf of leaves) frontier.append(leaf);
  const { origin: name } = log;
  const note = log.key.sign(formatCheckpoint({ origin: name, treeSize: leaves.length, root: frontier.root() }));
  const path = request.url ?? '';
  if (path === '/v1/ledger')
    reply
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ head: '1/0', logs: [{ number: 1, origin: name, verifier_key: log.key.verifierKey }] }));
  else if (path === '/v1/ledger/checkpoint') reply.setHeader('content-type', 'text/plain').end(note);
  else if (path === `/v1/ledger/logs/1/tile/0/000.p/${leaves.length}`) reply.end(Buffer.concat(leaves));
  else reply.writeHead(404, { 'content-type': 'application/problem+json' }).end('{"code":"not_found","status":404}');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
assert.ok(typeof address === 'object' && address !== null);
after(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
});

const file = join(directory, 'kept');
const keep = (...more: readonly string[]) =>
  run([
    'ledger',
    'checkpoint',
    '--out',
    file,
    '--server',
    `http://127.0.0.1:${address.port}`,
    '--key',
    'sp_x',
    ...more,
  ]);

test('a kept checkpoint is replaced while the log only grows', async () => {
  const first = await keep('--log-key', own.verifierKey);
  assert.equal(first.exitCode, 0, first.stderr);
  assert.match(first.stdout, /^Kept .*: 3 entries of sallyport\/test\/1$/m);
  log = { ...log, entries: [...log.entries, 'd', 'e'] };
  const second = await keep();
  assert.equal(second.exitCode, 0, second.stderr);
  assert.match(second.stdout, /5 entries of sallyport\/test\/1, grown from 3 with nothing changed before$/m);
  assert.match(await readFile(file, 'utf8'), /\n5\n/);
  assert.equal((await keep()).exitCode, 0, 'the same again');
});

for (const [name, entries, key, said] of [
  ['lost entries', ['a', 'b', 'c', 'd'], own, /entries are gone/],
  ['holds another entry of the same number', ['a', 'b', 'x', 'd', 'e'], own, /not those that the checkpoint/],
  ['grew after a change', ['a', 'x', 'c', 'd', 'e', 'f'], own, /./],
  ['is signed by another key', ['a', 'b', 'c', 'd', 'e', 'f'], createLogKey(origin), /is no checkpoint of this log/],
] as const)
  test(`the kept checkpoint stays when the log ${name}`, async () => {
    const before = await readFile(file, 'utf8');
    log = { entries, key, origin };
    const { exitCode, stderr, stdout } = await keep();
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.match(stderr, /^does not verify: /);
    assert.match(stderr, said);
    assert.equal(await readFile(file, 'utf8'), before);
  });

test('a checkpoint of another log, or under another key than the one given, is not kept', async () => {
  log = { entries: ['a'], key: createLogKey('sallyport/test/2'), origin: 'sallyport/test/2' };
  assert.match((await keep()).stderr, /is of log "sallyport\/test\/1"/);
  log = { entries: ['a', 'b', 'c', 'd', 'e'], key: own, origin };
  const stranger = await keep('--log-key', createLogKey(origin).verifierKey);
  assert.equal(stranger.exitCode, 1, stranger.stderr);
  await writeFile(file, 'nothing');
  assert.match((await keep()).stderr, /is no checkpoint of this log/);
});
