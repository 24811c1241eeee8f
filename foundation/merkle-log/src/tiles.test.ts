import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  MerkleLogError,
  decodeEntryBundle,
  encodeEntryBundle,
  formatEntryBundlePath,
  formatTilePath,
  parseHashTile,
  parseTilePath,
  tileWidth,
  tilesForConsistency,
  tilesForInclusion,
  tilesOfTree,
} from './index.ts';

test('tile paths are those of the specification', () => {
  assert.equal(formatTilePath({ level: 0, index: 1234067, width: 256 }), 'tile/0/x001/x234/067');
  assert.equal(formatTilePath({ level: 1, index: 0, width: 17 }), 'tile/1/000.p/17');
  assert.equal(formatTilePath({ level: 63, index: 1000, width: 1 }), 'tile/63/x001/000.p/1');
  assert.equal(formatEntryBundlePath({ index: 999, width: 255 }), 'tile/entries/999.p/255');
  assert.deepEqual(parseTilePath('tile/entries/x123/456'), { kind: 'entries', index: 123456, width: 256 });
});

test('a tile path and its coordinates are the same thing', () => {
  const index = fc.oneof(fc.nat(2_000_000), fc.maxSafeNat());
  fc.assert(
    fc.property(fc.nat(63), index, fc.integer({ min: 1, max: 256 }), (level, at, width) => {
      const tile = { level, index: at, width };
      assert.deepEqual(parseTilePath(formatTilePath(tile)), { kind: 'hashes', ...tile });
      assert.deepEqual(parseTilePath(formatEntryBundlePath(tile)), { kind: 'entries', index: at, width });
    }),
  );
});

test('parseTilePath() refuses every other spelling', () => {
  for (const path of [
    '',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/1234',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/x000/000',
    'tile/0/x000/x001/000',
    'tile/0/001/000',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/0/000/',
    'tile/0/000\n',
    '/tile/0/000',
    'tile/entry/000',
    'tile/0/x999/x999/x999/x999/x999/999',
    `tile/0/${'x999/'.repeat(1000)}999`,
    '../tile/0/000',
  ]) {
    assert.throws(() => parseTilePath(path), { name: 'MerkleLogError', code: 'invalid_tile_path' }, path);
  }
});

test('format functions refuse coordinates that no tile has', () => {
  assert.throws(() => formatTilePath({ level: 64, index: 0, width: 1 }), { code: 'out_of_range' });
  assert.throws(() => formatTilePath({ level: 0, index: -1, width: 1 }), { code: 'out_of_range' });
  assert.throws(() => formatTilePath({ level: 0, index: 0, width: 0 }), { code: 'out_of_range' });
  assert.throws(() => formatEntryBundlePath({ index: 0.5, width: 1 }), { code: 'out_of_range' });
  assert.throws(() => formatEntryBundlePath({ index: 0, width: 257 }), { code: 'out_of_range' });
});

test('a tree of 70000 leaves has the tiles of the example in the specification', () => {
  const tiles = [...tilesOfTree(70_000)];
  const full = (level: number): number => tiles.filter((tile) => tile.level === level && tile.width === 256).length;
  assert.deepEqual([full(0), full(1), full(2)], [273, 1, 0]);
  const partial = tiles.filter(({ width }) => width < 256);
  assert.deepEqual(partial, [
    { level: 0, index: 273, width: 112 },
    { level: 1, index: 1, width: 17 },
    { level: 2, index: 0, width: 1 },
  ]);
  assert.deepEqual(
    [...tilesOfTree(256)],
    [
      { level: 0, index: 0, width: 256 },
      { level: 1, index: 0, width: 1 },
    ],
  );
  assert.deepEqual([...tilesOfTree(0)], []);
  assert.equal(tileWidth({ level: 6, index: 0, treeSize: 2 ** 53 - 1 }), 31);
  assert.equal(tileWidth({ level: 0, index: 274, treeSize: 70_000 }), 0);
});

test('proofs name only tiles that the tree has', () => {
  const sizes = fc
    .integer({ min: 1, max: 2 ** 40 })
    .chain((newSize) => fc.record({ newSize: fc.constant(newSize), oldSize: fc.integer({ min: 1, max: newSize }) }));
  fc.assert(
    fc.property(sizes, ({ newSize, oldSize }) => {
      const inclusion = tilesForInclusion({ index: oldSize - 1, treeSize: newSize });
      const consistency = tilesForConsistency({ oldSize, newSize });
      for (const tile of [...inclusion, ...consistency]) {
        assert(tile.width > 0);
        assert.equal(tile.width, tileWidth({ ...tile, treeSize: newSize }));
      }
      assert(inclusion.length <= 12);
    }),
  );
  assert.throws(() => tilesForInclusion({ index: 5, treeSize: 5 }), { code: 'out_of_range' });
  assert.throws(() => tilesForConsistency({ oldSize: 0, newSize: 5 }), { code: 'out_of_range' });
  assert.throws(() => tilesForConsistency({ oldSize: 6, newSize: 5 }), { code: 'out_of_range' });
});

test('parseHashTile() reads the wanted hashes and refuses any other size', () => {
  const tile = Uint8Array.from({ length: 8192 }, (_, at) => at >> 5);
  assert.equal(parseHashTile(tile, 256).length, 256);
  assert.deepEqual(parseHashTile(tile, 2), [new Uint8Array(32), new Uint8Array(32).fill(1)]);
  assert.deepEqual(parseHashTile(tile.subarray(0, 64), 2), [new Uint8Array(32), new Uint8Array(32).fill(1)]);
  for (const size of [0, 63, 65, 96, 8191, 8193]) {
    assert.throws(() => parseHashTile(new Uint8Array(size), 2), { code: 'invalid_hash_tile' });
  }
});

test('an entry bundle holds what was put in', () => {
  const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 256 });
  fc.assert(
    fc.property(entries, (list) => {
      const decoded = decodeEntryBundle(encodeEntryBundle(list), list.length);
      assert.deepEqual(
        decoded.map((entry) => Uint8Array.from(entry)),
        list,
      );
    }),
    { numRuns: 50 },
  );
  const largest = new Uint8Array(65_535).fill(1);
  assert.deepEqual(decodeEntryBundle(Uint8Array.from(encodeEntryBundle([largest])), 1), [largest]);
  assert.throws(() => encodeEntryBundle([new Uint8Array(65_536)]), {
    code: 'invalid_entry_bundle',
    message: 'Cannot encode entry 0: size is 65536 bytes, must be at most 65535',
  });
  assert.throws(() => encodeEntryBundle([]), { code: 'invalid_entry_bundle' });
  assert.throws(() => encodeEntryBundle(Array.from({ length: 257 }, () => largest.subarray(0, 1))), {
    code: 'invalid_entry_bundle',
  });
});

test('decodeEntryBundle() refuses a bundle cut short or prolonged, and accepts only encodings', () => {
  const bundle = encodeEntryBundle([Buffer.from('one'), Buffer.from('two')]);
  for (let end = 0; end < bundle.length; end += 1) {
    assert.throws(() => decodeEntryBundle(bundle.subarray(0, end), 2), { code: 'invalid_entry_bundle' });
  }
  assert.throws(() => decodeEntryBundle(bundle, 1), { code: 'invalid_entry_bundle', details: { offset: 5 } });
  assert.throws(() => decodeEntryBundle(bundle, 3), { code: 'invalid_entry_bundle', details: { offset: 10 } });
  assert.throws(() => decodeEntryBundle(bundle, 0), { code: 'invalid_entry_bundle' });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: -1, max: 300 }), (bytes, width) => {
      try {
        assert.deepEqual(Uint8Array.from(encodeEntryBundle(decodeEntryBundle(bytes, width))), bytes);
      } catch (error) {
        assert(error instanceof MerkleLogError);
        assert.equal(error.code, 'invalid_entry_bundle');
      }
    }),
  );
});
