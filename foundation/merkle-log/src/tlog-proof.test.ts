import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createTileHashAt,
  createVerifierKey,
  formatTlogProof,
  hashLeaf,
  parseTlogProof,
  proveInclusion,
  verifyTlogProof,
} from './index.ts';
import { TEST_ORIGIN, createInMemoryLog, flipByte, testEntries, testSigner } from './testing/in-memory-log.ts';

const treeSize = 300;
const entries = testEntries(treeSize);
const log = createInMemoryLog(entries);
const hashAt = createTileHashAt({ treeSize, tileAt: log.tileAt });
const verifierKeys = [testSigner().verifierKey];

function proofOf(index: number, extra?: Uint8Array): string {
  const proof = proveInclusion({ index, treeSize, hashAt });
  return formatTlogProof({ index, proof, checkpoint: log.checkpoint, ...(extra === undefined ? {} : { extra }) });
}

function leafHashOf(index: number): Uint8Array {
  return hashLeaf(entries[index] ?? new Uint8Array());
}

test('a proof has the lines of the specification', () => {
  const text = proofOf(7, Buffer.from('hello'));
  const lines = text.split('\n');
  assert.deepEqual(lines.slice(0, 3), ['c2sp.org/tlog-proof@v1', 'extra aGVsbG8=', 'index 7']);
  assert.equal(text.slice(text.indexOf('\n\n') + 2), log.checkpoint);
  assert.equal(proofOf(7).includes('extra'), false);
});

test('what formatTlogProof() makes, parseTlogProof() reads and verifyTlogProof() verifies', () => {
  const extra = fc.option(fc.uint8Array({ minLength: 1, maxLength: 100 }), { nil: undefined });
  fc.assert(
    fc.property(fc.nat(treeSize - 1), extra, (index, data) => {
      const text = proofOf(index, data);
      const parsed = parseTlogProof(text);
      assert.equal(parsed.index, index);
      assert.deepEqual(parsed.extra === undefined ? undefined : Uint8Array.from(parsed.extra), data);
      assert.equal(formatTlogProof(parsed), text);
      const verified = verifyTlogProof({
        tlogProof: text,
        leafHash: leafHashOf(index),
        origin: TEST_ORIGIN,
        verifierKeys,
      });
      assert(verified.ok);
      assert.equal(verified.checkpoint.treeSize, treeSize);
      assert.equal(verified.signatures.length, 1);
    }),
    { numRuns: 50 },
  );
});

test('verifyTlogProof() refuses the proof with any byte changed', () => {
  const bytes = Buffer.from(proofOf(200));
  for (let at = 0; at < bytes.length; at += 1) {
    const tlogProof = flipByte(bytes, at, 0x01);
    assert.equal(
      verifyTlogProof({ tlogProof, leafHash: leafHashOf(200), origin: TEST_ORIGIN, verifierKeys }).ok,
      false,
    );
  }
});

test('verifyTlogProof() refuses another leaf, log and key, and a witness in place of the log', () => {
  const claim = { tlogProof: proofOf(200), leafHash: leafHashOf(200), origin: TEST_ORIGIN, verifierKeys };
  assert.equal(verifyTlogProof(claim).ok, true);
  assert.equal(verifyTlogProof({ ...claim, leafHash: leafHashOf(201) }).ok, false);
  assert.equal(verifyTlogProof({ ...claim, origin: 'log.example/other' }).ok, false);
  assert.equal(verifyTlogProof({ ...claim, verifierKeys: [] }).ok, false);
  assert.equal(verifyTlogProof({ ...claim, verifierKeys: [testSigner(TEST_ORIGIN, 8).verifierKey] }).ok, false);
  const { name, publicKey } = testSigner().verifierKey;
  const asWitness = createVerifierKey({ kind: 'cosignature/v1', name, publicKey });
  assert.equal(verifyTlogProof({ ...claim, verifierKeys: [asWitness] }).ok, false);
});

test('parseTlogProof() refuses every other form', () => {
  const good = proofOf(7, Buffer.from('hello'));
  const hash = good.split('\n')[3] ?? '';
  for (const [what, text] of [
    ['nothing', ''],
    ['another version', good.replace('@v1', '@v2')],
    ['carriage returns', good.replaceAll('\n', '\r\n')],
    ['a blank line first', `\n${good}`],
    ['an extra line without data', good.replace('aGVsbG8=', '')],
    ['extra data without padding', good.replace('aGVsbG8=', 'aGVsbG8')],
    ['two extra lines', good.replace('extra aGVsbG8=', 'extra aGVsbG8=\nextra aGVsbG8=')],
    ['the extra line after the index', good.replace('extra aGVsbG8=\nindex 7', 'index 7\nextra aGVsbG8=')],
    ['no index', good.replace('index 7\n', '')],
    ['an index with leading zeroes', good.replace('index 7', 'index 07')],
    ['an index past the tree', good.replace('index 7', 'index 300')],
    ['a negative index', good.replace('index 7', 'index -7')],
    ['an index with a space', good.replace('index 7', 'index 7 ')],
    ['a short hash', good.replace(hash, 'AAAA')],
    ['a hash without padding', good.replace(hash, hash.slice(0, -1))],
    ['64 hashes', good.replace(hash, Array.from({ length: 64 }, () => hash).join('\n'))],
    ['no blank line', good.replace('\n\nlog', '\nlog')],
    ['two blank lines', good.replace('\n\nlog', '\n\n\nlog')],
    ['no checkpoint', good.slice(0, good.indexOf('\n\n') + 2)],
    ['trailing data', `${good}x`],
  ] as const) {
    assert.throws(() => parseTlogProof(text), { name: 'MerkleLogError' }, what);
  }
  assert.throws(() => parseTlogProof('x'.repeat(4 * 1024 * 1024)), { code: 'invalid_tlog_proof' });
});

test('formatTlogProof() makes only what parses', () => {
  const { proof, checkpoint } = parseTlogProof(proofOf(7));
  assert.throws(() => formatTlogProof({ index: 300, proof, checkpoint }), { code: 'invalid_tlog_proof' });
  assert.throws(() => formatTlogProof({ index: 1.5, proof, checkpoint }), { code: 'invalid_tlog_proof' });
  assert.throws(() => formatTlogProof({ index: 7, proof: [new Uint8Array(31)], checkpoint }), {
    code: 'invalid_tlog_proof',
  });
  assert.throws(() => formatTlogProof({ index: 7, proof, checkpoint: 'x' }), { code: 'invalid_note' });
  assert.throws(() => formatTlogProof({ index: 7, proof, checkpoint, extra: new Uint8Array() }), {
    code: 'invalid_tlog_proof',
  });
});
