import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  computeRoot,
  emptyRoot,
  hashLeaf,
  proveConsistency,
  proveInclusion,
  proveSubtreeConsistency,
  verifyConsistency,
  verifySubtreeConsistency,
} from './index.ts';
import { flipByte, hashAtOf, testEntries } from './testing/in-memory-log.ts';

const leafHashes = testEntries(300).map(hashLeaf);
const hashAt = hashAtOf(leafHashes);
const roots = Array.from({ length: leafHashes.length + 1 }, (_, size) => computeRoot(leafHashes.slice(0, size)));

function rootAt(size: number): Uint8Array {
  const root = roots[size];
  assert(root);
  return root;
}

test('every pair of sizes up to 64, and some larger ones, is consistent', () => {
  const sizes = [...Array.from({ length: 64 }, (_, at) => at + 1), 127, 128, 129, 255, 256, 257, 300];
  for (const newSize of sizes) {
    for (const oldSize of sizes.filter((size) => size <= newSize)) {
      const proof = proveConsistency({ oldSize, newSize, hashAt });
      const claim = { oldSize, newSize, oldRoot: rootAt(oldSize), newRoot: rootAt(newSize), proof };
      assert.deepEqual(verifyConsistency(claim), { ok: true }, `${oldSize} to ${newSize}`);
      assert.equal(verifyConsistency({ ...claim, proof: [...proof, rootAt(1)] }).ok, false);
      assert.equal(
        verifyConsistency({ ...claim, oldRoot: rootAt(newSize), newRoot: rootAt(oldSize) }).ok,
        oldSize === newSize,
      );
    }
  }
});

test('every subtree of every tree up to 40 leaves is consistent with it', () => {
  let subtrees = 0;
  for (let treeSize = 1; treeSize <= 40; treeSize += 1) {
    for (let start = 0; start < treeSize; start += 1) {
      for (let end = start + 1; end <= treeSize; end += 1) {
        const width = 2 ** Math.ceil(Math.log2(end - start));
        if (start % width !== 0) continue;
        const proof = proveSubtreeConsistency({ start, end, treeSize, hashAt });
        if (end === start + 1) assert.deepEqual(proof, proveInclusion({ index: start, treeSize, hashAt }));
        const subtreeRoot = computeRoot(leafHashes.slice(start, end));
        const claim = { start, end, treeSize, subtreeRoot, root: rootAt(treeSize), proof };
        assert.deepEqual(verifySubtreeConsistency(claim), { ok: true }, `${start} to ${end} of ${treeSize}`);
        assert.equal(verifySubtreeConsistency({ ...claim, subtreeRoot: flipByte(subtreeRoot, 0) }).ok, false);
        subtrees += 1;
      }
    }
  }
  assert(subtrees > 2000);
});

const twoSizes = fc
  .integer({ min: 1, max: 300 })
  .chain((newSize) => fc.record({ newSize: fc.constant(newSize), oldSize: fc.integer({ min: 1, max: newSize }) }));

test('verifyConsistency() refuses a proof or root with any bit flipped', () => {
  fc.assert(
    fc.property(twoSizes, fc.nat(), fc.nat(31), fc.nat(7), ({ oldSize, newSize }, which, at, bit) => {
      const proof = proveConsistency({ oldSize, newSize, hashAt });
      const flip = (bytes: Uint8Array): Uint8Array => flipByte(bytes, at, 1 << bit);
      const place = which % (proof.length + 2);
      const claim = {
        oldSize,
        newSize,
        oldRoot: place === proof.length ? flip(rootAt(oldSize)) : rootAt(oldSize),
        newRoot: place === proof.length + 1 ? flip(rootAt(newSize)) : rootAt(newSize),
        proof: proof.map((hash, position) => (position === place ? flip(hash) : hash)),
      };
      assert.equal(verifyConsistency(claim).ok, false);
    }),
    { numRuns: 500 },
  );
});

test('verifyConsistency() refuses a log that changed, removed or reordered what it had', () => {
  const oldSize = 20;
  for (const forged of [
    leafHashes.slice(0, 45).with(3, hashLeaf(Buffer.from('other'))),
    leafHashes.slice(0, 46).toSpliced(7, 1),
    leafHashes
      .slice(0, 45)
      .with(0, leafHashes[1] ?? emptyRoot())
      .with(1, leafHashes[0] ?? emptyRoot()),
  ]) {
    const proof = proveConsistency({ oldSize, newSize: 45, hashAt: hashAtOf(forged) });
    const claim = { oldSize, newSize: 45, oldRoot: rootAt(oldSize), newRoot: computeRoot(forged), proof };
    assert.equal(verifyConsistency(claim).ok, false);
  }
});

test('verifyConsistency() refuses roots that are no hashes, without throwing', () => {
  for (const size of [0, 9, 31, 33, 64]) {
    for (const [oldSize, newSize] of [
      [1, 8],
      [4, 7],
      [6, 8],
      [8, 300],
    ] as const) {
      const proof = proveConsistency({ oldSize, newSize, hashAt });
      const claim = { oldSize, newSize, oldRoot: rootAt(oldSize), newRoot: rootAt(newSize), proof };
      assert.equal(verifyConsistency({ ...claim, oldRoot: new Uint8Array(size) }).ok, false);
      assert.equal(verifyConsistency({ ...claim, newRoot: new Uint8Array(size) }).ok, false);
      assert.equal(verifyConsistency({ ...claim, proof: proof.with(0, new Uint8Array(size)) }).ok, false);
    }
  }
});

test('nothing is proved from an empty tree, to a smaller tree or for what is no subtree', () => {
  assert.throws(() => proveConsistency({ oldSize: 0, newSize: 5, hashAt }), { code: 'out_of_range' });
  assert.throws(() => proveConsistency({ oldSize: 6, newSize: 5, hashAt }), { code: 'out_of_range' });
  assert.throws(() => proveSubtreeConsistency({ start: 1, end: 3, treeSize: 8, hashAt }), { code: 'out_of_range' });
  const zero = { oldSize: 0, oldRoot: emptyRoot(), proof: [] };
  assert.equal(verifyConsistency({ ...zero, newSize: 5, newRoot: rootAt(5) }).ok, false);
  assert.equal(verifyConsistency({ ...zero, newSize: 0, newRoot: emptyRoot() }).ok, false);
  for (const number of [-1, 0.5, Number.NaN, 2 ** 53]) {
    const claim = { oldRoot: rootAt(1), newRoot: rootAt(1), proof: [] };
    assert.equal(verifyConsistency({ ...claim, oldSize: number, newSize: 1 }).ok, false);
    assert.equal(verifyConsistency({ ...claim, oldSize: 1, newSize: number }).ok, false);
  }
});
