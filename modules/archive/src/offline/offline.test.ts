import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TestContext } from 'node:test';
import { parseSignedCheckpoint, parseVerifierKey } from '@sallyport/merkle-log';
import type { VerifierKey } from '@sallyport/merkle-log';
import { temporaryDirectory } from '../archive-testing.ts';
import { actor, startUnderArchive } from '../ledger-under-archive.fixture.ts';
import { restoreArchive, verifyArchive } from './index.ts';

const { signal } = new AbortController();
const made = mkdtempSync(join(tmpdir(), 'sallyport-offline-'));
const original = join(made, 'elsewhere');
let key: VerifierKey;
/** Three spans with a checkpoint each, made once; each test spoils a copy. */
before(async () => {
  mkdirSync(original);
  const cleanups: (() => unknown)[] = [];
  const under = await startUnderArchive({ after: (work) => void cleanups.push(work) }, made);
  await under.archive.configure({
    settings: { place: { kind: 'directory', path: original, isApart: false }, lagLimitHours: 24, spanMinutes: 60 },
    credentials: undefined,
    actor,
  });
  for (const count of [20, 30, 10]) {
    await under.append(count);
    await under.archive.archiveNow(actor);
    await under.archive.tick();
  }
  key = parseVerifierKey(await under.ledger.verifierKey(1));
  for (const work of cleanups) await work();
});
after(() => rmSync(made, { recursive: true }));

function copyOf(context: TestContext): {
  readonly path: string;
  readonly blocks: readonly string[];
  readonly notes: readonly string[];
} {
  const path = join(temporaryDirectory(context), 'copy');
  cpSync(original, path, { recursive: true });
  const within = (folder: string): string[] =>
    readdirSync(join(path, 'ledger/logs/1', folder))
      .toSorted()
      .map((name) => join(path, 'ledger/logs/1', folder, name));
  return { path, blocks: within('blocks'), notes: within('checkpoints') };
}
const verify = (path: string, keys: readonly VerifierKey[] = [key]) => verifyArchive(path, { keys, signal });
function spoil(path: string, change: (bytes: Buffer) => Buffer): void {
  const bytes = change(readFileSync(path));
  rmSync(path);
  writeFileSync(path, bytes);
}
const flip = (at: number) => (bytes: Buffer) => {
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return bytes;
};

test('a whole copy is proven up to its newest checkpoint', async (context) => {
  const { logs, vaults } = await verify(copyOf(context).path);
  assert.deepEqual(
    logs.map(({ entries, proven, blocks }) => [entries, proven?.size, blocks]),
    [[63, 63, 3]],
  );
  assert.equal(vaults.length, 1);
  const alone = await verify(copyOf(context).path, []);
  assert.equal(alone.logs[0]?.isKeyGiven, false);
});

test('any byte that was changed is named by its file: block, header, checkpoint, key', async (context) => {
  for (const at of [0, 100, 400, -1]) {
    const { path, blocks } = copyOf(context);
    spoil(blocks[1] ?? '', flip(at));
    await assert.rejects(verify(path), { code: 'archive_invalid', message: /blocks\/0000/ }, `byte ${at}`);
  }
  const { path, notes } = copyOf(context);
  spoil(notes[0] ?? '', flip(30));
  await assert.rejects(verify(path), { code: 'archive_invalid', message: /checkpoints\// });
  const other = copyOf(context);
  spoil(join(other.path, 'ledger/logs/1/vkey'), flip(-3));
  await assert.rejects(verify(other.path), { code: 'archive_invalid' });
});

test('blocks that are missing in between, cut short, renamed or put in twice do not pass', async (context) => {
  const gap = copyOf(context);
  rmSync(gap.blocks[1] ?? '');
  await assert.rejects(verify(gap.path), { code: 'archive_invalid', message: /lacks blocks of log 1/ });
  const cut = copyOf(context);
  spoil(cut.blocks[2] ?? '', (bytes) => bytes.subarray(0, -1));
  await assert.rejects(verify(cut.path), { code: 'archive_invalid', message: /bytes, must have/ });
  const swapped = copyOf(context);
  const [, second = '', third = ''] = swapped.blocks;
  rmSync(second);
  writeFileSync(second, readFileSync(third));
  await assert.rejects(verify(swapped.path), { code: 'archive_invalid' });
});

test('an end that is missing is seen by the checkpoint that was signed for it, and none of it is called proven', async (context) => {
  const { path, blocks } = copyOf(context);
  rmSync(blocks[2] ?? '');
  const { logs } = await verify(path);
  assert.deepEqual(
    logs.map(({ entries, proven, ahead }) => [entries, proven?.size, ahead.map(({ size }) => size)]),
    [[52, 52, [63]]],
  );
});

test('what follows the newest checkpoint comes back only when it is asked for', async (context) => {
  const { path, notes } = copyOf(context);
  for (const note of notes.slice(1)) rmSync(note);
  const verified = await verify(path);
  assert.equal(verified.logs[0]?.proven?.size, 21);
  const sizeAt = async (beyond: boolean): Promise<number> => {
    const dataDirectory = join(temporaryDirectory(context), 'data');
    const { logs } = await restoreArchive(verified, { dataDirectory, beyond, signal });
    assert.equal(logs[0]?.entries, beyond ? 63 : 21);
    const signed = readFileSync(join(dataDirectory, 'ledger/logs/1/checkpoint'), 'utf8');
    assert.equal(parseSignedCheckpoint(signed).checkpoint.treeSize, 21);
    return readFileSync(join(dataDirectory, 'ledger/logs/1/blocks/0000000000000000.blocks')).length;
  };
  const [proven, all] = [await sizeAt(false), await sizeAt(true)];
  assert.equal(all, verified.logs[0]?.bytes);
  assert.ok(proven < all);
  const none = copyOf(context);
  for (const note of none.notes) rmSync(note);
  await assert.rejects(
    restoreArchive(await verify(none.path), { dataDirectory: join(none.path, 'data'), beyond: false, signal }),
    { code: 'restore_refused', message: /no checkpoint covers/ },
  );
});

test('an empty folder, a wrong key and a cut beginning are told for what they are', async (context) => {
  await assert.rejects(verify(temporaryDirectory(context)), { message: /Cannot find an archive/ });
  await assert.rejects(verify(join(made, 'nowhere')), { message: /no such directory/ });
  const wrong = { ...key, publicKey: key.publicKey.toReversed() };
  await assert.rejects(verify(original, [wrong]), { message: /its key in the archive is another/ });
  const { path, blocks } = copyOf(context);
  rmSync(blocks[0] ?? '');
  const verified = await verify(path);
  assert.deepEqual(
    verified.logs.map(({ firstIndex, entries, proven }) => [firstIndex, entries, proven]),
    [[21, 63, undefined]],
  );
  await assert.rejects(restoreArchive(verified, { dataDirectory: join(path, 'data'), beyond: true, signal }), {
    message: /begins at entry 21/,
  });
});

test('with the keys of more than one vault nothing is brought back: which is ours, no archive tells', async (context) => {
  const { path } = copyOf(context);
  const planted = join(path, 'vault', 'cd'.repeat(16));
  mkdirSync(planted);
  writeFileSync(join(planted, '999999999999.vault'), 'of somebody else');
  const dataDirectory = join(temporaryDirectory(context), 'back');
  await assert.rejects(restoreArchive(await verify(path), { dataDirectory, beyond: false, signal }), {
    code: 'restore_refused',
    message: /2 vaults/,
  });
});
