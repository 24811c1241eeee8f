import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startFakeServer } from '../testing/fake-server.ts';
import { run } from '../testing/run-cli.ts';

const directory = await mkdtemp(join(tmpdir(), 'sallyport-vault-'));
await mkdir(join(directory, 'run'));
const operator = await startFakeServer(join(directory, 'run', 'operator.sock'));
after(async () => {
  await operator.close();
  await rm(directory, { recursive: true });
});

const running = { level: 'epoch', state: 'running', done: 0, total: 9, startedAtMs: 5 };
const rotateWith = async (later: typeof running | null): ReturnType<typeof run> => {
  operator.interfere(({ url = '', method }) => {
    if (!url.startsWith('/v1/vault/')) return undefined;
    return { status: method === 'POST' ? 202 : 200, body: { rotation: method === 'POST' ? running : later } };
  });
  return run(['vault', 'rotate', 'epoch', '--data', directory]);
};

test('a rotation is called done only when the vault says so of this very one', async () => {
  const done = await rotateWith({ ...running, state: 'done', done: 9 });
  assert.equal(done.exitCode, 0, done.stderr);
  assert.equal(done.stdout, 'Rotated epoch: 9 keys re-wrapped\n');
  for (const later of [null, { ...running, state: 'done', startedAtMs: 6 }]) {
    const { exitCode, stdout, stderr } = await rotateWith(later);
    assert.notEqual(exitCode, 0);
    assert.equal(stdout, '');
    assert.match(stderr, /Cannot tell whether epoch was rotated: the vault was opened anew meanwhile\nhint: /);
  }
});

test('a provider that is away is told of beside the keys', async () => {
  operator.interfere(() => ({
    status: 200,
    body: { keys: [], providers: [{ kind: 'tpm', isUsed: true, unreachable: 'no such device' }] },
  }));
  assert.match((await run(['vault', 'list', '--data', directory])).stdout, /Not reached: tpm: no such device\n/);
});
