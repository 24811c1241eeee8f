import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatCheckpoint, formatTilePath, parseVerifierKey, signNote, tileWidth, verifyTileLog } from './index.ts';
import type { TileLogProgress, TileLogVerification } from './index.ts';
import { TEST_ORIGIN, createInMemoryLog, flipByte, testEntries, testSigner } from './testing/in-memory-log.ts';
import { sharedData } from './testing/recorded-vectors.ts';

const verifierKeys = [testSigner().verifierKey];
const largeSize = 256 * 256 + 256 * 2 + 9;
const large = createInMemoryLog(testEntries(largeSize));

type Files = ReadonlyMap<string, Uint8Array>;

function verifyFiles(files: Files, options: { keys?: boolean } = {}): Promise<TileLogVerification> {
  const read = (path: string): Promise<Uint8Array | undefined> => Promise.resolve(files.get(path));
  return options.keys === false ? verifyTileLog({ read }) : verifyTileLog({ read, verifierKeys });
}

function withChanged(files: Files, path: string, change: (bytes: Uint8Array) => Uint8Array | undefined): Files {
  const changed = new Map(files);
  const bytes = files.get(path);
  assert(bytes, path);
  const after = change(bytes);
  if (after === undefined) changed.delete(path);
  else changed.set(path, after);
  return changed;
}

async function blamed(files: Files, options: { keys?: boolean } = {}): Promise<[string, number]> {
  const result = await verifyFiles(files, options);
  assert(!result.ok, 'a changed log must be refused');
  return [result.path, result.offset];
}

const recorded = sharedData('tlog-tiles', 'testdata');

async function readRecorded(): Promise<{ files: Files; vkey: string }> {
  const paths = ['checkpoint', 'tile/0/000.p/15', 'tile/entries/000.p/15'];
  const files = new Map<string, Uint8Array>();
  for (const path of paths) files.set(path, await readFile(join(recorded.directory, 'log', path)));
  return { files, vkey: await readFile(join(recorded.directory, 'log.pub'), 'utf8') };
}

test('a log recorded from another implementation verifies', { skip: recorded.skip }, async () => {
  const { vkey } = await readRecorded();
  const key = parseVerifierKey(vkey.trim());
  const asked: string[] = [];
  const result = await verifyTileLog({
    read: (path) => {
      asked.push(path);
      return readFile(join(recorded.directory, 'log', path)).catch(() => undefined);
    },
    verifierKeys: [key],
    origin: 'example.com/log/testdata',
  });
  assert(result.ok);
  assert.deepEqual(
    [result.treeSize, result.signature, result.entries, result.hashTiles, result.entryBundles],
    [15, 'verified', 'verified', 1, 1],
  );
  assert.deepEqual(asked, ['checkpoint', 'tile/0/000.p/15', 'tile/entries/000.p/15']);
});

test('each byte of each file of the recorded log matters', { skip: recorded.skip }, async () => {
  const { files, vkey } = await readRecorded();
  const keys = [parseVerifierKey(vkey.trim())];
  let flipped = 0;
  for (const [path, bytes] of files) {
    for (let at = 0; at < bytes.length; at += 1) {
      for (const mask of [0x01, 0x80]) {
        const changed = withChanged(files, path, (before) => flipByte(before, at, mask));
        const result = await verifyTileLog({
          read: (wanted) => Promise.resolve(changed.get(wanted)),
          verifierKeys: keys,
        });
        assert(!result.ok, `${path} byte ${at}`);
        assert.equal(result.path, path);
        if (path.startsWith('tile/0/')) assert.equal(result.offset, at, 'the byte itself is named');
        flipped += 1;
      }
    }
  }
  assert(flipped > 1000);
});

test(
  'every checkpoint of the recorded log verifies against its own partial tiles',
  { skip: recorded.skip },
  async () => {
    const { vkey } = await readRecorded();
    for (let size = 0; size <= 15; size += 1) {
      const result = await verifyTileLog({
        read: (path) =>
          readFile(join(recorded.directory, 'log', path === 'checkpoint' ? `checkpoint.${size}` : path)).catch(
            () => undefined,
          ),
        verifierKeys: [parseVerifierKey(vkey.trim())],
      });
      assert(result.ok, `checkpoint.${size}`);
      assert.equal(result.treeSize, size);
    }
  },
);

test('a log with tiles at three levels verifies, and says how far it is', async () => {
  const progress: TileLogProgress[] = [];
  const result = await verifyTileLog({ read: large.read, verifierKeys, onProgress: (step) => progress.push(step) });
  assert.deepEqual(result, {
    ok: true,
    origin: TEST_ORIGIN,
    treeSize: largeSize,
    root: large.root,
    signature: 'verified',
    signatures: [{ kind: 'ed25519', name: TEST_ORIGIN, keyId: verifierKeys[0]?.keyId }],
    entries: 'verified',
    hashTiles: 259 + 2 + 1,
    entryBundles: 259,
  });
  assert.equal(progress.length, 259);
  assert.deepEqual(progress.at(-1), { path: 'tile/0/258.p/9', leaves: largeSize, treeSize: largeSize });
});

test('a wrong hash in a tile of any level is named to the byte', async () => {
  for (const [path, at] of [
    ['tile/0/000', 0],
    ['tile/0/100', 8191],
    ['tile/0/258.p/9', 33],
    ['tile/1/000', 5000],
    ['tile/1/001.p/2', 63],
    ['tile/2/000.p/1', 31],
  ] as const) {
    assert.deepEqual(await blamed(withChanged(large.files, path, (bytes) => flipByte(bytes, at))), [path, at]);
  }
});

test('a wrong entry is named, not the hashes that disagree with it', async () => {
  const path = 'tile/entries/256';
  assert.deepEqual(await blamed(withChanged(large.files, path, (bytes) => flipByte(bytes, 2))), [path, 0]);
  const second = 2 + 'entry 65536  '.length - 1;
  const [, offset] = await blamed(withChanged(large.files, path, (bytes) => flipByte(bytes, second + 10)));
  assert(offset > 0 && offset <= second + 10);
});

test('a wrong leaf tile of a log without entries is named', async () => {
  const log = createInMemoryLog(testEntries(600), { withEntries: false });
  const result = await verifyFiles(log.files);
  assert(result.ok);
  assert.equal(result.entries, 'absent');
  const inFull = withChanged(log.files, 'tile/0/001', (bytes) => flipByte(bytes, 40));
  assert.deepEqual(await blamed(inFull), ['tile/0/001', 0]);
  const inPartial = withChanged(log.files, 'tile/0/002.p/88', (bytes) => flipByte(bytes, 40));
  assert.deepEqual(await blamed(inPartial), ['tile/0/002.p/88', 0]);
  assert.deepEqual(await blamed(inPartial, { keys: false }), ['checkpoint', `${TEST_ORIGIN}\n600\n`.length]);
  const inUpper = withChanged(log.files, 'tile/1/000.p/2', (bytes) => flipByte(bytes, 40));
  assert.equal((await verifyFiles(inUpper)).ok, false);
});

test('missing, short and long files are refused', async () => {
  const log = createInMemoryLog(testEntries(600));
  for (const path of log.files.keys()) {
    assert.deepEqual(await blamed(withChanged(log.files, path, () => undefined)), [path, 0]);
    const [shortPath] = await blamed(withChanged(log.files, path, (bytes) => bytes.subarray(0, -1)));
    assert.equal(shortPath, path);
    const long = withChanged(log.files, path, (bytes) => Buffer.concat([bytes, Uint8Array.of(0)]));
    assert.equal((await blamed(long))[0], path);
  }
});

test('each byte of each file of a small log matters', async () => {
  const log = createInMemoryLog(testEntries(257));
  for (const [path, bytes] of log.files) {
    for (let at = 0; at < bytes.length; at += path === 'checkpoint' ? 1 : 211) {
      assert.equal((await blamed(withChanged(log.files, path, (before) => flipByte(before, at, 0x04))))[0], path);
    }
  }
});

test('a full tile stands in for a partial one that is gone', async () => {
  const older = createInMemoryLog(testEntries(300));
  const grown = createInMemoryLog(testEntries(600));
  const files = new Map(grown.files);
  files.set('checkpoint', older.files.get('checkpoint') ?? new Uint8Array());
  files.set('tile/1/000.p/1', older.files.get('tile/1/000.p/1') ?? new Uint8Array());
  const result = await verifyFiles(files);
  assert(result.ok);
  assert.equal(result.treeSize, 300);
  const path = formatTilePath({ level: 0, index: 1, width: 256 });
  assert.deepEqual(await blamed(withChanged(files, path, (bytes) => flipByte(bytes, 32))), [path, 32]);
  assert.equal(tileWidth({ level: 0, index: 1, treeSize: 300 }), 44);
});

test('a checkpoint without keys is said to be unchecked; with the wrong key, origin or only a witness it is refused', async () => {
  const log = createInMemoryLog(testEntries(3));
  const unchecked = await verifyFiles(log.files, { keys: false });
  assert(unchecked.ok);
  assert.deepEqual([unchecked.signature, unchecked.signatures], ['not checked', []]);
  const { read } = log;
  assert.equal((await verifyTileLog({ read, verifierKeys: [] })).ok, false);
  assert.equal((await verifyTileLog({ read, verifierKeys: [testSigner(TEST_ORIGIN, 1).verifierKey] })).ok, false);
  assert.equal((await verifyTileLog({ read, verifierKeys, origin: 'log.example/other' })).ok, false);
  assert.equal((await verifyTileLog({ read, verifierKeys, origin: TEST_ORIGIN })).ok, true);
});

test('a signed checkpoint over another tree is refused, and an empty log verifies', async () => {
  const log = createInMemoryLog(testEntries(3));
  const other = createInMemoryLog(testEntries(4).slice(1));
  const text = formatCheckpoint({ origin: TEST_ORIGIN, treeSize: 3, root: other.root });
  const files = new Map(log.files).set('checkpoint', Buffer.from(signNote({ text, signers: [testSigner()] })));
  assert.equal((await verifyFiles(files)).ok, false);
  const empty = await verifyFiles(createInMemoryLog([]).files);
  assert(empty.ok);
  assert.deepEqual([empty.treeSize, empty.hashTiles], [0, 0]);
});

test('a checkpoint that claims a tree of 2^53 - 1 leaves costs no more than the files there are', async () => {
  const text = formatCheckpoint({ origin: TEST_ORIGIN, treeSize: 2 ** 53 - 1, root: large.root });
  const files = new Map(large.files).set('checkpoint', Buffer.from(signNote({ text, signers: [testSigner()] })));
  assert.deepEqual(await blamed(files), ['tile/0/258', 0]);
});

test('what read() rejects with reaches the caller', async () => {
  await assert.rejects(verifyTileLog({ read: () => Promise.reject(new Error('disk')) }), { message: 'disk' });
});

test('of a pruned log entry bundles below its minimum index may be missing, no others and no tile', async () => {
  const without = (files: Files, ...paths: string[]): Files => {
    const left = new Map(files);
    for (const path of paths) assert(left.delete(path), path);
    return left;
  };
  const verify = (files: Files, minimumIndex: number): Promise<TileLogVerification> =>
    verifyTileLog({ read: (path) => Promise.resolve(files.get(path)), verifierKeys, minimumIndex });
  const bundles = (...numbers: number[]): string[] => numbers.map((number) => `tile/entries/00${number}`);
  for (const gone of [bundles(0, 1), bundles(1)]) {
    const result = await verify(without(large.files, ...gone), 2 * 256 + 9);
    assert(result.ok && result.entries === 'verified' && result.entryBundles === 259 - gone.length);
  }
  for (const [gone, path, minimumIndex] of [
    [bundles(0, 1), 'tile/entries/001', 256],
    [bundles(0, 1), 'tile/entries/001', 511],
    [bundles(0, 2), 'tile/entries/002', 512],
    [['tile/0/000'], 'tile/0/000', 512],
  ] as const) {
    const result = await verify(without(large.files, ...gone), minimumIndex);
    assert(!result.ok && result.path === path, JSON.stringify(result));
  }
});
