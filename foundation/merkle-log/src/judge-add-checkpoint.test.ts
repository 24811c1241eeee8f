import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createCosigner,
  createTileHashAt,
  emptyRoot,
  formatCheckpoint,
  formatNote,
  judgeAddCheckpoint,
  parseNote,
  proveConsistency,
  signNote,
} from './index.ts';
import type { AddCheckpointRequest, WitnessedLog } from './index.ts';
import { TEST_ORIGIN, createInMemoryLog, testEntries, testPrivateKey, testSigner } from './testing/in-memory-log.ts';

const all = createInMemoryLog(testEntries(40));
const fork = createInMemoryLog([...testEntries(39), Buffer.from('another')]);
const witness = createCosigner({ name: 'witness.example/w1', privateKey: testPrivateKey(9) });

function logOf(size: number): ReturnType<typeof createInMemoryLog> {
  return createInMemoryLog(testEntries(size));
}

function proofOf(oldSize: number, newSize: number): Uint8Array[] {
  const hashAt = createTileHashAt({ treeSize: 40, tileAt: all.tileAt });
  return proveConsistency({ oldSize, newSize, hashAt });
}

function knownAt(size: number | undefined): WitnessedLog {
  const newest = size === undefined ? undefined : { treeSize: size, root: logOf(size).root };
  return { origin: TEST_ORIGIN, verifierKeys: [testSigner().verifierKey], newest };
}

function judge(known: WitnessedLog | undefined, request: Partial<AddCheckpointRequest>) {
  const judged = judgeAddCheckpoint({
    known,
    request: { oldSize: 0, proof: [], checkpoint: all.checkpoint, ...request },
    ownKeys: [witness.verifierKey],
  });
  if (judged.kind === 'refuse') {
    const { status, misbehaviour } = judged;
    return [status, judged.treeSize, misbehaviour];
  }
  return [judged.kind, judged.checkpoint.treeSize];
}

test('a first checkpoint, the next one and the same one again are cosigned', () => {
  assert.deepEqual(judge(knownAt(undefined), {}), ['cosign', 40]);
  assert.deepEqual(judge(knownAt(0), {}), ['cosign', 40]);
  assert.deepEqual(judge(knownAt(7), { oldSize: 7, proof: proofOf(7, 40) }), ['cosign', 40]);
  assert.deepEqual(judge(knownAt(40), { oldSize: 40 }), ['cosign', 40]);
});

test('every pair of sizes is cosigned with its proof, and with no other', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 39 }), fc.integer({ min: 1, max: 39 }), (oldSize, other) => {
      const proof = proofOf(oldSize, 40);
      assert.deepEqual(judge(knownAt(oldSize), { oldSize, proof }), ['cosign', 40]);
      const wrong = proofOf(other, 40);
      if (Buffer.concat(wrong).equals(Buffer.concat(proof))) return;
      assert.deepEqual(judge(knownAt(oldSize), { oldSize, proof: wrong }), [422, undefined, 'not_continued']);
    }),
    { numRuns: 60 },
  );
});

test('a log nobody named is not found, whoever signed', () => {
  assert.deepEqual(judge(undefined, {}), [404, undefined, undefined]);
  assert.deepEqual(judge({ ...knownAt(7), origin: 'log.example/other' }, {}), [404, undefined, undefined]);
});

test('a checkpoint the log did not sign is forbidden, before anything is said about sizes', () => {
  const text = parseNote(all.checkpoint).text;
  const stranger = signNote({ text, signers: [testSigner(TEST_ORIGIN, 8)] });
  assert.deepEqual(judge(knownAt(7), { oldSize: 99, checkpoint: stranger }), [403, undefined, undefined]);
  const signatures = parseNote(all.checkpoint).signatures.map((one) => ({
    ...one,
    signature: one.signature.map((byte, at) => (at === 0 ? byte ^ 1 : byte)),
  }));
  assert.deepEqual(judge(knownAt(7), { checkpoint: formatNote({ text, signatures }) }), [403, undefined, undefined]);
  const both = signNote({ text, signers: [testSigner(TEST_ORIGIN, 8), testSigner()] });
  assert.deepEqual(judge(knownAt(undefined), { checkpoint: both }), ['cosign', 40], 'unknown signatures are ignored');
});

test('an old size above the checkpoint is a bad request, one the witness does not have a conflict', () => {
  assert.deepEqual(judge(knownAt(7), { oldSize: 41 }), [400, undefined, undefined]);
  assert.deepEqual(judge(knownAt(7), { oldSize: 6, proof: proofOf(6, 40) }), [409, 7, undefined]);
  assert.deepEqual(judge(knownAt(7), { oldSize: 0 }), [409, 7, undefined]);
  assert.deepEqual(judge(knownAt(undefined), { oldSize: 7, proof: proofOf(7, 40) }), [409, 0, undefined]);
});

test('another history is refused at the same size, and when the proof does not lead there', () => {
  assert.deepEqual(judge(knownAt(40), { oldSize: 40, checkpoint: fork.checkpoint }), [409, undefined, 'other_history']);
  assert.deepEqual(judge(knownAt(40), { oldSize: 0, checkpoint: fork.checkpoint }), [409, 40, 'other_history']);
  const proof = proofOf(39, 40);
  assert.deepEqual(judge(knownAt(38), { oldSize: 38, proof, checkpoint: fork.checkpoint }), [
    422,
    undefined,
    'not_continued',
  ]);
});

test('a log that was put back is refused, whatever old size it names', () => {
  for (const oldSize of [0, 6, 7]) {
    const proof = oldSize === 0 || oldSize === 7 ? [] : proofOf(oldSize, 7);
    assert.deepEqual(judge(knownAt(40), { oldSize, proof, checkpoint: logOf(7).checkpoint }), [409, 40, 'went_back']);
  }
  assert.deepEqual(judge(knownAt(40), { oldSize: 40, checkpoint: logOf(7).checkpoint }), [400, undefined, 'went_back']);
});

test('a proof that should be empty must be', () => {
  const proof = [Buffer.alloc(32)];
  assert.deepEqual(judge(knownAt(undefined), { proof }), [422, undefined, 'not_continued']);
  assert.deepEqual(judge(knownAt(40), { oldSize: 40, proof }), [422, undefined, 'not_continued']);
});

test('the empty tree has one root', () => {
  const of = (root: Uint8Array): string =>
    signNote({ text: formatCheckpoint({ origin: TEST_ORIGIN, treeSize: 0, root }), signers: [testSigner()] });
  assert.deepEqual(judge(knownAt(undefined), { checkpoint: of(emptyRoot()) }), ['cosign', 0]);
  assert.deepEqual(judge(knownAt(undefined), { checkpoint: of(Buffer.alloc(32)) }), [409, undefined, 'other_history']);
});

test('a witness that finds its own cosignature on something newer than it knows was put back, and adopts it', () => {
  const { text, signatures } = parseNote(all.checkpoint);
  const own = witness.cosign({ text, timestampSeconds: 1_700_000_000 });
  const cosigned = formatNote({ text, signatures: [...signatures, own] });
  assert.deepEqual(judge(knownAt(7), { checkpoint: cosigned }), ['adopt', 40]);
  assert.deepEqual(judge(knownAt(40), { oldSize: 40, checkpoint: cosigned }), ['cosign', 40]);
  const forged = { ...own, signature: own.signature.map((byte, at) => (at === 70 ? byte ^ 1 : byte)) };
  const notOurs = formatNote({ text, signatures: [...signatures, forged] });
  assert.deepEqual(judge(knownAt(7), { checkpoint: notOurs }), [409, 7, undefined]);
  const unsigned = formatNote({ text, signatures: [own] });
  assert.deepEqual(judge(knownAt(7), { checkpoint: unsigned }), [403, undefined, undefined]);
});

test('what is no checkpoint is a bad request', () => {
  assert.deepEqual(judge(knownAt(7), { checkpoint: 'x' }), [400, undefined, undefined]);
});
