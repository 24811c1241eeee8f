import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { writeTileLog } from '../testing/build-evidence.ts';
import { startFakeServer } from '../testing/fake-server.ts';
import { run } from '../testing/run-cli.ts';

const directory = await mkdtemp(join(tmpdir(), 'sallyport-ledger-'));
const server = await startFakeServer();
after(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});
const verifierKey = await writeTileLog(directory, ['one', 'two', 'three']);

test('a log verifies with its key; without one, that nobody vouches for it is said', async () => {
  const keyFile = join(directory, '..', `${directory.split('/').at(-1)}.vkey`);
  await writeFile(keyFile, `${verifierKey}\n`);
  for (const key of [verifierKey, keyFile]) {
    const { exitCode, stdout, stderr } = await run(['ledger', 'verify', directory, '--key', key]);
    assert.equal(exitCode, 0, stderr);
    assert.match(
      stdout,
      /^✔ consistent {2}example.com\/log: 3 entries, 1 hash tiles, 1 entry bundles\n[^]*signature: verified/,
    );
  }
  await rm(keyFile);
  const threads = await run(['ledger', 'verify', directory, '--key', verifierKey, '--threads', '2']);
  assert.equal(threads.exitCode, 0, threads.stderr);
  const unsigned = await run(['ledger', 'verify', directory]);
  assert.equal(unsigned.exitCode, 5);
  assert.match(unsigned.stdout, /^! consistent[^]*signature: NOT CHECKED/);
  assert.match(unsigned.stderr, /^not proven: [^]*a key that lies beside what is checked proves nothing/);
  assert.equal(JSON.parse((await run(['ledger', 'verify', directory, '--json'])).stdout).signature, 'not checked');
});

test('with any byte of any file changed the log does not verify, and file and byte are named', async () => {
  const files = (await readdir(directory, { recursive: true })).filter((name) => /checkpoint|\/3$/.test(name));
  assert.equal(files.length, 3);
  for (const name of files) {
    const bytes = await readFile(join(directory, name));
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(join(directory, name), changed);
      const { exitCode, stderr } = await run(['ledger', 'verify', directory, '--key', verifierKey]);
      assert.equal(exitCode, 1, `${name} byte ${at}`);
      assert.match(
        stderr,
        /^does not verify: ".*": (checkpoint|tile\/.*), byte \d+(?: to \d+, which one hash covers)?: /,
      );
    }
    await writeFile(join(directory, name), bytes);
  }
});

test('what is no log, or another log than asked for, does not verify', async () => {
  const empty = await mkdtemp(join(directory, 'empty-'));
  for (const [path, said] of [
    [
      join(directory, 'nowhere'),
      /^error: Cannot read ".*nowhere": there is no such directory\nhint: name the directory/,
    ],
    [join(directory, 'checkpoint'), /^error: Cannot read ".*": it is no directory\nhint: /],
    [empty, /^error: Cannot find a log in ".*": it holds neither checkpoint nor tile\/\nhint: /],
  ] as const) {
    const { exitCode, stderr } = await run(['ledger', 'verify', path]);
    assert.equal(exitCode, 1);
    assert.match(stderr, said, 'a wrong path does not sound like tampering');
  }
  const beheaded = await mkdtemp(join(directory, 'beheaded-'));
  await mkdir(join(beheaded, 'tile'));
  const lost = await run(['ledger', 'verify', beheaded]);
  assert.equal(lost.exitCode, 1);
  assert.match(lost.stderr, /^does not verify: .*checkpoint, byte 0: The checkpoint is missing\n/);
  assert.equal((await run(['ledger', 'verify', directory, '--origin', 'example.com/other'])).exitCode, 1);
});

test('a foreign C2SP log of the reference data verifies', async (context) => {
  const foreign = join(import.meta.dirname, '../../../../../shared/data/tlog-tiles/testdata');
  if (!existsSync(foreign)) return context.skip('the shared reference data is not here');
  const log = join(directory, 'foreign');
  const { cp, copyFile } = await import('node:fs/promises');
  await cp(join(foreign, 'log'), log, { recursive: true });
  await copyFile(join(foreign, 'log/checkpoint.15'), join(log, 'checkpoint'));
  const { exitCode, stdout, stderr } = await run(['ledger', 'verify', log, '--key', join(foreign, 'log.pub')]);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /15 entries[^]*signature: verified/);
});

test('checkpoint and verifier key are printed as the server gives them', async () => {
  const environment = { SALLYPORT_SERVER: server.url, SALLYPORT_KEY: server.key };
  const checkpoint = await readFile(join(directory, 'checkpoint'), 'utf8');
  server.texts.set('/v1/ledger/checkpoint', checkpoint);
  const other = await mkdtemp(join(tmpdir(), 'sallyport-other-'));
  const [first, second] = [await writeTileLog(other, ['one']), verifierKey];
  const older = await readFile(join(other, 'checkpoint'), 'utf8');
  await rm(other, { recursive: true });
  server.texts.set('/v1/ledger/logs/1/checkpoint', older);
  server.documents.set('/v1/ledger', {
    head: '2/0',
    logs: [
      { number: 1, verifier_key: first },
      { number: 2, verifier_key: second },
    ],
  });
  assert.equal((await run(['ledger', 'checkpoint'], { environment })).stdout, checkpoint);
  assert.equal((await run(['ledger', 'checkpoint', '--log', '1'], { environment })).stdout, older);
  assert.equal((await run(['ledger', 'key'], { environment })).stdout, `${second}\n`);
  assert.equal((await run(['ledger', 'key', '--log', '1'], { environment })).stdout, `${first}\n`);
  assert.equal((await run(['ledger', 'key', '--log', '3'], { environment })).exitCode, 1);
});

test('what is no checkpoint and no key is not printed as one, so that nobody keeps it', async () => {
  const environment = { SALLYPORT_SERVER: server.url, SALLYPORT_KEY: server.key };
  server.texts.set('/v1/ledger/checkpoint', '<html>Sign in to the wireless network</html>\n');
  server.documents.set('/v1/ledger', { logs: [{ number: 1, verifier_key: 'x; rm -rf /' }] });
  for (const what of ['checkpoint', 'key']) {
    const { exitCode, stdout, stderr } = await run(['ledger', what], { environment });
    assert.deepEqual([exitCode, stdout], [1, ''], what);
    assert.match(stderr, /^error: Cannot take the answer to .*: it is none\nhint: check that the address/);
  }
});

test('a pipe, a device, a directory or a file without end in the place of a tile is refused, not waited for', async (context) => {
  const root = await mkdtemp(join(tmpdir(), 'sallyport-hostile-'));
  context.after(() => rm(root, { recursive: true }));
  const tile = join(root, 'tile/0/000.p/3');
  for (const plant of [
    () => void spawnSync('mkfifo', [tile]),
    () => symlink('/dev/zero', tile),
    () => mkdir(tile),
    () => symlink(tile, tile),
  ]) {
    await writeTileLog(root, ['one', 'two', 'three']);
    await rm(tile);
    await plant();
    const { exitCode, stdout, stderr } = await run(['ledger', 'verify', root]);
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.doesNotMatch(stderr, /fault in sallyport/);
    await rm(root, { recursive: true });
    await mkdir(root);
  }
});

test('a log cut, lengthened or overwritten anywhere never verifies and never ends in a fault', async (context) => {
  const root = await mkdtemp(join(tmpdir(), 'sallyport-fuzz-'));
  context.after(() => rm(root, { recursive: true }));
  const key = await writeTileLog(root, ['one', 'two', 'three']);
  const names = ['checkpoint', 'tile/0/000.p/3', 'tile/entries/000.p/3'];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.oneof(
        fc.nat(400).map((at) => (bytes: Buffer) => bytes.subarray(0, at % bytes.length)),
        fc.uint8Array({ minLength: 1, maxLength: 50 }).map((more) => (bytes: Buffer) => Buffer.concat([bytes, more])),
        fc.tuple(fc.nat(400), fc.uint8Array({ minLength: 1, maxLength: 8 })).map(([at, other]) => (bytes: Buffer) => {
          const from = at % bytes.length;
          return Buffer.concat([bytes.subarray(0, from), other, bytes.subarray(from + other.length)]);
        }),
        fc.uint8Array({ maxLength: 200 }).map((other) => () => Buffer.from(other)),
      ),
      async (name, change) => {
        const bytes = await readFile(join(root, name));
        const changed = change(bytes);
        fc.pre(!changed.equals(bytes));
        await writeFile(join(root, name), changed);
        const { exitCode, stdout, stderr } = await run(['ledger', 'verify', root, '--key', key]);
        await writeFile(join(root, name), bytes);
        assert.deepEqual([exitCode, stdout], [1, '']);
        assert.doesNotMatch(stderr, /fault in sallyport/);
      },
    ),
    { numRuns: 300 },
  );
});

test('--against a kept checkpoint a log passes that has only grown, and one that is shorter, another or rewritten does not', async (context) => {
  const root = await mkdtemp(join(tmpdir(), 'sallyport-kept-'));
  context.after(() => rm(root, { recursive: true }));
  const entries = Array.from({ length: 200 }, (_, at) => `entry ${at}`);
  const keys = new Map<string, string>();
  for (const [name, held] of [
    ['small', entries.slice(0, 100)],
    ['grown', entries],
    ['changed', entries.with(99, 'another')],
  ] as const)
    keys.set(name, await writeTileLog(join(root, name), held));
  const against = (name: string, kept: string, ...more: string[]): ReturnType<typeof run> =>
    run(['ledger', 'verify', join(root, name), '--against', join(root, kept, 'checkpoint'), ...more]);

  const grown = await against('grown', 'small');
  assert.equal(grown.exitCode, 0, grown.stderr);
  assert.match(grown.stdout, /grown from the 100 entries/);
  assert.equal((await against('small', 'small')).exitCode, 0);
  assert.equal(JSON.parse((await against('grown', 'small', '--json')).stdout).kept_size, 100);

  const shorter = await against('small', 'grown');
  assert.equal(shorter.exitCode, 1);
  assert.match(shorter.stderr, /has 100 entries, .* covers 200: entries are gone/);
  const changed = await against('changed', 'small');
  assert.equal(changed.exitCode, 1);
  assert.match(changed.stderr, /the log holds other entries/);
  const foreign = await against('grown', 'small', '--key', keys.get('grown') ?? '');
  assert.equal(foreign.exitCode, 1, 'each of these logs has a key of its own');
  await writeFile(join(root, 'nonsense'), 'no note');
  const nonsense = await run(['ledger', 'verify', join(root, 'grown'), '--against', join(root, 'nonsense')]);
  assert.equal(nonsense.exitCode, 1);
  assert.match(nonsense.stderr, /is no checkpoint of this log/);
});
