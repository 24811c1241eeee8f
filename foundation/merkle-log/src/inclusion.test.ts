import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { computeRoot, hashLeaf, proveInclusion, verifyInclusion, verifySubtreeInclusion } from './index.ts';
import { flipByte, hashAtOf, testEntries } from './testing/in-memory-log.ts';

const leafHashes = testEntries(400).map(hashLeaf);
const hashAt = hashAtOf(leafHashes);
const zeroHash = new Uint8Array(32);

function leafAt(index: number): Uint8Array {
  const leafHash = leafHashes[index];
  assert(leafHash);
  return leafHash;
}

test('every index of every tree up to 70 leaves, and of some larger ones, proves', () => {
  for (const treeSize of [...Array.from({ length: 70 }, (_, at) => at + 1), 127, 128, 129, 255, 256, 257, 400]) {
    const root = computeRoot(leafHashes.slice(0, treeSize));
    for (let index = 0; index < treeSize; index += 1) {
      const proof = proveInclusion({ index, treeSize, hashAt });
      const verified = verifyInclusion({ index, treeSize, leafHash: leafAt(index), proof, root });
      assert.deepEqual(verified, { ok: true }, `${index} of ${treeSize}`);
    }
  }
});

const leafInTree = fc
  .integer({ min: 1, max: 400 })
  .chain((treeSize) => fc.record({ treeSize: fc.constant(treeSize), index: fc.nat(treeSize - 1) }));

test('verifyInclusion() refuses a proof, leaf or root with any bit flipped', () => {
  fc.assert(
    fc.property(leafInTree, fc.nat(), fc.nat(31), fc.nat(7), ({ treeSize, index }, which, at, bit) => {
      const leafHash = leafAt(index);
      const root = computeRoot(leafHashes.slice(0, treeSize));
      const proof = proveInclusion({ index, treeSize, hashAt });
      const flip = (bytes: Uint8Array): Uint8Array => flipByte(bytes, at, 1 << bit);
      const place = which % (proof.length + 2);
      const claim = {
        index,
        treeSize,
        leafHash: place === proof.length ? flip(leafHash) : leafHash,
        root: place === proof.length + 1 ? flip(root) : root,
        proof: proof.map((hash, position) => (position === place ? flip(hash) : hash)),
      };
      assert.equal(verifyInclusion(claim).ok, false);
    }),
    { numRuns: 500 },
  );
});

test('verifyInclusion() refuses another index, a hash too many and a hash too few', () => {
  fc.assert(
    fc.property(leafInTree, fc.nat(400), fc.nat(20), ({ treeSize, index }, other, at) => {
      const root = computeRoot(leafHashes.slice(0, treeSize));
      const proof = proveInclusion({ index, treeSize, hashAt });
      const claim = { index, treeSize, leafHash: leafAt(index), proof, root };
      if (other !== index) assert.equal(verifyInclusion({ ...claim, index: other }).ok, false);
      assert.equal(verifyInclusion({ ...claim, proof: proof.toSpliced(at, 0, zeroHash) }).ok, false);
      if (at < proof.length) assert.equal(verifyInclusion({ ...claim, proof: proof.toSpliced(at, 1) }).ok, false);
    }),
    { numRuns: 300 },
  );
});

test('verifyInclusion() refuses an inner node passed off as a leaf', () => {
  const root = computeRoot(leafHashes.slice(0, 4));
  const claim = { index: 0, treeSize: 2, leafHash: hashAt(1, 0), proof: [hashAt(1, 1)], root };
  // With a lie about the size even an inner node verifies: that is why the size must come from a signed checkpoint,
  assert.equal(verifyInclusion(claim).ok, true);
  // and why a verifier hashes the entry itself: no entry hashes to an inner node.
  const entry = Buffer.concat([Uint8Array.of(1), hashAt(0, 0), hashAt(0, 1)]);
  assert.equal(verifyInclusion({ ...claim, leafHash: hashLeaf(entry) }).ok, false);
});

test('proofs in trees past 2^32 leaves have their right shape', () => {
  const treeSize = 2 ** 52 + 2 ** 33 + 1;
  const asked: string[] = [];
  const proof = proveInclusion({
    index: 2 ** 52 + 2 ** 33,
    treeSize,
    hashAt: (level, index) => {
      asked.push(`${level}/${index}`);
      return zeroHash;
    },
  });
  assert.deepEqual(asked, ['33/524288', '52/0']);
  assert.equal(proof.length, 2);
});

test('proveInclusion() refuses a leaf index past the tree size', () => {
  for (const [index, treeSize] of [
    [5, 5],
    [0, 0],
    [-1, 5],
    [1.5, 5],
    [Number.NaN, 5],
    [0, 2 ** 53],
  ] as const) {
    assert.throws(() => proveInclusion({ index, treeSize, hashAt }), { code: 'out_of_range' });
  }
  assert.throws(() => proveInclusion({ index: 0, treeSize: 2, hashAt: () => new Uint8Array(3) }), {
    code: 'invalid_hash',
  });
});

test('verifyInclusion() and verifySubtreeInclusion() refuse numbers that are none', () => {
  const bad = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2 ** 64];
  for (const number of bad) {
    const claim = { leafHash: zeroHash, proof: [], root: zeroHash };
    assert.equal(verifyInclusion({ index: number, treeSize: 1, ...claim }).ok, false);
    assert.equal(verifyInclusion({ index: 0, treeSize: number, ...claim }).ok, false);
    assert.equal(verifySubtreeInclusion({ index: number, start: 0, end: 1, ...claim }).ok, false);
    assert.equal(verifySubtreeInclusion({ index: 0, start: number, end: 1, ...claim }).ok, false);
    assert.equal(verifySubtreeInclusion({ index: 0, start: 0, end: number, ...claim }).ok, false);
  }
});
