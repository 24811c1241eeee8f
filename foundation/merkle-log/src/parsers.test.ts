// Every parser meets text that is nearly right and text that is nothing: it answers or throws MerkleLogError.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  MerkleLogError,
  formatTilePath,
  formatVerifierKey,
  parseCheckpoint,
  parseNote,
  parseSignedCheckpoint,
  parseTilePath,
  parseTlogProof,
  parseVerifierKey,
  verifyNote,
  verifyTlogProof,
} from './index.ts';
import { createInMemoryLog, testEntries, testSigner } from './testing/in-memory-log.ts';

const { checkpoint } = createInMemoryLog(testEntries(1));
const tlogProof = `c2sp.org/tlog-proof@v1\nindex 0\n\n${checkpoint}`;
const samples = [
  checkpoint,
  tlogProof,
  parseNote(checkpoint).text,
  formatVerifierKey(testSigner().verifierKey),
  formatTilePath({ level: 2, index: 1_234_567, width: 5 }),
];

/** A sample with a few pieces cut out, doubled or overwritten. */
const nearlyRight = fc
  .record({
    sample: fc.constantFrom(...samples),
    edits: fc.array(
      fc.record({
        at: fc.nat(400),
        remove: fc.nat(5),
        insert: fc.oneof(
          fc.string({ maxLength: 3 }),
          fc.constantFrom('\n', '\n\n', ' ', '— ', '=', '\r\n', '\ud800', '\u0000'),
        ),
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ sample, edits }) =>
    edits.reduce((text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove), sample),
  );
const anyText = fc.oneof(nearlyRight, fc.string({ unit: 'binary', maxLength: 200 }));

function answersOrThrowsCoded(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    assert(error instanceof MerkleLogError, String(error));
  }
}

test('parsers answer or throw MerkleLogError, for any text', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const parse of [
        parseNote,
        parseCheckpoint,
        parseSignedCheckpoint,
        parseTlogProof,
        parseVerifierKey,
        parseTilePath,
      ]) {
        answersOrThrowsCoded(() => parse(text));
      }
    }),
    { numRuns: 1000 },
  );
});

test('parsers answer or throw MerkleLogError, for any bytes', () => {
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    anyText.map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      for (const parse of [parseNote, parseSignedCheckpoint, parseTlogProof]) answersOrThrowsCoded(() => parse(bytes));
    }),
    { numRuns: 500 },
  );
});

test('verifyNote() and verifyTlogProof() answer for any text, and yes only to what was signed', () => {
  const verifierKeys = [testSigner().verifierKey];
  fc.assert(
    fc.property(anyText, (text) => {
      const note = verifyNote({ note: text, verifierKeys });
      if (note.ok) assert.equal(note.text, parseNote(checkpoint).text);
      const proof = verifyTlogProof({ tlogProof: text, leafHash: new Uint8Array(32), origin: 'x', verifierKeys });
      assert.equal(proof.ok, false);
    }),
    { numRuns: 500 },
  );
});
