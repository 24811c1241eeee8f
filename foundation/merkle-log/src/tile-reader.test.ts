import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createTileHashAt,
  createTileReader,
  computeRoot,
  hashLeaf,
  proveConsistency,
  proveInclusion,
  verifyConsistency,
  verifyInclusion,
} from './index.ts';
import { createInMemoryLog, flipByte, hashAtOf, testEntries } from './testing/in-memory-log.ts';

const treeSize = 256 * 256 + 256 * 3 + 11;
const log = createInMemoryLog(testEntries(treeSize), { withEntries: false });
const readTile = (level: number, index: number, width: number): Promise<Uint8Array> =>
  Promise.resolve(log.tileAt(level, index, width));

test('proofs built synchronously from stored tiles verify, at every level of tiles', () => {
  const hashAt = createTileHashAt({ treeSize, tileAt: log.tileAt });
  for (const index of [0, 1, 255, 256, 65_535, 65_536, 66_303, treeSize - 1]) {
    const proof = proveInclusion({ index, treeSize, hashAt });
    const verified = verifyInclusion({ index, treeSize, leafHash: hashAt(0, index), proof, root: log.root });
    assert.deepEqual(verified, { ok: true }, `index ${index}`);
  }
  for (const oldSize of [1, 255, 256, 257, 65_535, 65_536, 65_537, treeSize]) {
    const oldRoot = createInMemoryLog(testEntries(oldSize), { withEntries: false }).root;
    const proof = proveConsistency({ oldSize, newSize: treeSize, hashAt });
    const claim = { oldSize, newSize: treeSize, oldRoot, newRoot: log.root, proof };
    assert.deepEqual(verifyConsistency(claim), { ok: true }, `old size ${oldSize}`);
  }
  assert.throws(() => hashAt(0, treeSize), { code: 'out_of_range' });
  assert.throws(() => hashAt(17, 0), { code: 'out_of_range' });
});

test('proofs from tiles are the proofs from hashes', () => {
  const leafHashes = testEntries(600).map(hashLeaf);
  const small = createInMemoryLog(testEntries(600));
  const fromTiles = createTileHashAt({ treeSize: 600, tileAt: small.tileAt });
  const fromHashes = hashAtOf(leafHashes);
  fc.assert(
    fc.property(fc.nat(599), (index) => {
      assert.deepEqual(
        proveInclusion({ index, treeSize: 600, hashAt: fromTiles }),
        proveInclusion({ index, treeSize: 600, hashAt: fromHashes }),
      );
    }),
  );
  assert.deepEqual(small.root, computeRoot(leafHashes));
});

test('createTileReader() proves from partial tiles, and from full ones in their place', async () => {
  const reader = createTileReader({ treeSize, root: log.root, readTile });
  const { leafHash, proof } = await reader.proveInclusion(66_000);
  assert.deepEqual(leafHash, hashLeaf(testEntries(66_001)[66_000] ?? new Uint8Array()));
  assert.deepEqual(verifyInclusion({ index: 66_000, treeSize, leafHash, proof, root: log.root }), { ok: true });

  const older = createInMemoryLog(testEntries(300));
  const { oldRoot } = await reader.proveConsistency(300);
  assert.deepEqual(oldRoot, older.root);
  const withFullTiles = createTileReader({
    treeSize: 300,
    root: older.root,
    readTile: (level, index) => (level === 0 ? readTile(level, index, 256) : readTile(level, index, 1)),
  });
  assert.deepEqual(
    (await withFullTiles.proveInclusion(299)).leafHash,
    hashLeaf(Buffer.from(testEntries(300)[299] ?? '')),
  );
});

test('createTileReader() gives out nothing that the root does not vouch for', async () => {
  for (const wrong of [0, 1, 2]) {
    const reader = createTileReader({
      treeSize,
      root: log.root,
      readTile: async (level, index, width) => {
        const tile = await readTile(level, index, width);
        return level === wrong ? tile.map((byte) => byte ^ 1) : tile;
      },
    });
    await assert.rejects(reader.proveInclusion(66_000), { name: 'MerkleLogError', code: 'tile_mismatch' });
    await assert.rejects(reader.proveConsistency(65_536 + 256 + 3), { code: 'tile_mismatch' });
  }
  const forged = createTileReader({ treeSize, root: flipByte(log.root, 3), readTile });
  await assert.rejects(forged.proveInclusion(5), { code: 'tile_mismatch' });
  const cutShort = createTileReader({ treeSize, root: log.root, readTile: () => Promise.resolve(new Uint8Array(31)) });
  await assert.rejects(cutShort.proveInclusion(5), { code: 'invalid_hash_tile' });
  await assert.rejects(cutShort.proveInclusion(treeSize), { code: 'out_of_range' });
});

test('createTileReader() passes on what readTile() rejects with', async () => {
  const failing = createTileReader({
    treeSize,
    root: log.root,
    readTile: () => Promise.reject(new Error('no such tile')),
  });
  await assert.rejects(failing.proveInclusion(5), { message: 'no such tile' });
});
