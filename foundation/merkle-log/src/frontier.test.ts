import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  MAX_TREE_SIZE,
  MerkleLogError,
  computeRoot,
  createFrontier,
  decodeFrontier,
  emptyRoot,
  encodeFrontier,
  hashChildren,
  hashLeaf,
  rootOfTree,
} from './index.ts';
import { hashAtOf, rfcTreeHash, testEntries } from './testing/in-memory-log.ts';

const leafHashes = testEntries(600).map(hashLeaf);
const zeroHash = new Uint8Array(32);

test('hashLeaf(), hashChildren() and emptyRoot() are those of RFC 6962', () => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  assert.equal(hex(emptyRoot()), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  assert.equal(hex(hashLeaf(new Uint8Array())), '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  const [left, right] = [hashLeaf(new Uint8Array()), hashLeaf(Uint8Array.of(0))];
  assert.equal(hex(hashChildren(left, right)), 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125');
});

test('hashChildren() refuses what is no hash: a shorter one would let stray memory into the digest', () => {
  assert.throws(() => hashChildren(new Uint8Array(31), zeroHash), { code: 'invalid_hash' });
  assert.throws(() => hashChildren(zeroHash, new Uint8Array(33)), { code: 'invalid_hash' });
  assert.throws(() => computeRoot([zeroHash, new Uint8Array(0)]), { code: 'invalid_hash' });
});

test('append() reaches the root of RFC 6962 at every size, as do computeRoot() and rootOfTree()', () => {
  const tree = createFrontier();
  const hashAt = hashAtOf(leafHashes);
  for (const [index, leafHash] of leafHashes.slice(0, 300).entries()) {
    assert.deepEqual(tree.root(), rfcTreeHash(leafHashes.slice(0, index)));
    assert.equal(tree.append(leafHash), index);
    assert.equal(tree.size, index + 1);
  }
  assert.deepEqual(tree.root(), computeRoot(leafHashes.slice(0, 300)));
  assert.deepEqual(tree.root(), rootOfTree({ treeSize: 300, hashAt }));
});

test('append() shows each node it completes exactly once, with its hash', () => {
  const tree = createFrontier();
  const seen = new Map<string, Uint8Array>();
  for (const leafHash of leafHashes.slice(0, 70)) {
    tree.append(leafHash, (level, index, hash) => {
      assert(!seen.has(`${level}/${index}`));
      seen.set(`${level}/${index}`, hash);
    });
  }
  const hashAt = hashAtOf(leafHashes);
  let nodes = 0;
  for (let level = 0; 2 ** level <= 70; level += 1) {
    for (let index = 0; (index + 1) * 2 ** level <= 70; index += 1, nodes += 1) {
      assert.deepEqual(seen.get(`${level}/${index}`), hashAt(level, index));
    }
  }
  assert.equal(seen.size, nodes);
});

test('a frontier goes on from its encoded state as if it had never stopped', () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(300), (before, after) => {
      const whole = createFrontier();
      for (const leafHash of leafHashes.slice(0, before)) whole.append(leafHash);
      const state = decodeFrontier(encodeFrontier(whole.state()));
      assert.deepEqual(state, whole.state());
      const resumed = createFrontier(state.size, state.hashes);
      for (const leafHash of leafHashes.slice(before, before + after)) {
        whole.append(leafHash);
        resumed.append(leafHash);
      }
      assert.deepEqual(resumed.root(), whole.root());
      assert.equal(state.size, before, 'later appends leave the state alone');
    }),
    { numRuns: 50 },
  );
});

test('a frontier counts past 2^32 and stops at the largest tree', () => {
  const large = createFrontier(2 ** 52, [zeroHash]);
  assert.equal(large.append(zeroHash), 2 ** 52);
  assert.equal(large.append(zeroHash), 2 ** 52 + 1);
  assert.deepEqual(large.root(), hashChildren(zeroHash, hashChildren(zeroHash, zeroHash)));
  const full = createFrontier(
    MAX_TREE_SIZE,
    Array.from({ length: 53 }, () => zeroHash),
  );
  assert.throws(() => full.append(zeroHash), { code: 'out_of_range' });
});

test('createFrontier() refuses hashes that do not fit the size', () => {
  assert.throws(() => createFrontier(3, [zeroHash]), { name: 'MerkleLogError', code: 'invalid_frontier' });
  assert.throws(() => createFrontier(1, [new Uint8Array(31)]), { code: 'invalid_frontier' });
  assert.throws(() => createFrontier(-1), { code: 'invalid_frontier' });
  assert.throws(() => createFrontier(0.5), { code: 'invalid_frontier' });
  assert.throws(() => createFrontier().append(new Uint8Array(33)), { code: 'invalid_hash' });
});

test('decodeFrontier() accepts only encodings, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        assert.deepEqual(new Uint8Array(encodeFrontier(decodeFrontier(bytes))), bytes);
      } catch (error) {
        assert(error instanceof MerkleLogError);
        assert.equal(error.code, 'invalid_frontier');
      }
    }),
  );
  const state = { size: 6, hashes: [zeroHash, zeroHash] };
  const encoded = encodeFrontier(state);
  assert.throws(() => decodeFrontier(encoded.subarray(0, -1)), { code: 'invalid_frontier' });
  assert.throws(() => decodeFrontier(Buffer.concat([encoded, zeroHash])), { code: 'invalid_frontier' });
  assert.throws(() => decodeFrontier(Buffer.alloc(8, 0xff)), { code: 'invalid_frontier' });
});
