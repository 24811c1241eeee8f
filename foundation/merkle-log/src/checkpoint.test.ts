import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createVerifierKey,
  formatCheckpoint,
  formatCosignedMessage,
  formatNote,
  parseCheckpoint,
  parseCosignature,
  parseNote,
  parseSignedCheckpoint,
  verifyCosignature,
  verifyNote,
} from './index.ts';
import type { NoteSignature } from './index.ts';
import { createInMemoryLog, flipByte, testEntries, testPrivateKey, testSigner } from './testing/in-memory-log.ts';

const root = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';
// The example of c2sp.org/tlog-cosignature.
const sofa = `example.com/behind-the-sofa
20852163
${root}

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`;

test('parseSignedCheckpoint() reads the example of the specification', () => {
  const { checkpoint, note } = parseSignedCheckpoint(sofa);
  assert.deepEqual(checkpoint, {
    origin: 'example.com/behind-the-sofa',
    treeSize: 20852163,
    root: Buffer.from(root, 'base64'),
    extensions: [],
  });
  assert.equal(formatCheckpoint(checkpoint), note.text);
  const [, witness] = note.signatures;
  assert(witness);
  assert.equal(parseCosignature(witness.signature).timestampSeconds, 1679315147);
});

test('a checkpoint formats and parses to itself', () => {
  const origin = fc.string({ minLength: 1, maxLength: 40 }).filter((text) => !/[\n\u0000-\u001f]/.test(text));
  fc.assert(
    fc.property(origin, fc.maxSafeNat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (name, treeSize, hash) => {
      const text = formatCheckpoint({ origin: name, treeSize, root: hash });
      const parsed = parseCheckpoint(text);
      assert.deepEqual(
        { ...parsed, root: Uint8Array.from(parsed.root) },
        {
          origin: name,
          treeSize,
          root: hash,
          extensions: [],
        },
      );
    }),
  );
});

test('parseCheckpoint() keeps extension lines and refuses every other form', () => {
  assert.deepEqual(parseCheckpoint(`a\n0\n${root}\nx y\nz\n`).extensions, ['x y', 'z']);
  for (const text of [
    '',
    '\n',
    'a\n0\n',
    `a\n0\n${root}`,
    `\n0\n${root}\n`,
    `a\n\n${root}\n`,
    `a\n00\n${root}\n`,
    `a\n01\n${root}\n`,
    `a\n+1\n${root}\n`,
    `a\n-1\n${root}\n`,
    `a\n1.0\n${root}\n`,
    `a\n1e3\n${root}\n`,
    `a\n 1\n${root}\n`,
    `a\n9007199254740992\n${root}\n`,
    `a\n18446744073709551616\n${root}\n`,
    `a\n1\n${root.slice(0, -1)}\n`,
    `a\n1\n${root.replace('2I=', '2J=')}\n`,
    `a\n1\n${root} \n`,
    `a\n1\nAAAA\n`,
    `a\r\n1\r\n${root}\r\n`,
    `a\n1\n${root}\n\n`,
    `a\n1\n${root}\nx\n\ny\n`,
    `${'a'.repeat(70_000)}\n1\n${root}\n`,
  ]) {
    assert.throws(
      () => parseCheckpoint(text),
      { name: 'MerkleLogError', code: 'invalid_checkpoint' },
      JSON.stringify(text),
    );
  }
});

test('formatCheckpoint() makes only what parses', () => {
  const hash = Buffer.from(root, 'base64');
  assert.throws(() => formatCheckpoint({ origin: '', treeSize: 1, root: hash }), { code: 'invalid_checkpoint' });
  assert.throws(() => formatCheckpoint({ origin: 'a\n5', treeSize: 1, root: hash }), { code: 'invalid_checkpoint' });
  assert.throws(() => formatCheckpoint({ origin: 'a', treeSize: -1, root: hash }), { code: 'invalid_checkpoint' });
  assert.throws(() => formatCheckpoint({ origin: 'a', treeSize: 1, root: hash.subarray(1) }), {
    code: 'invalid_checkpoint',
  });
});

const log = createInMemoryLog(testEntries(5));
const { text, signatures } = parseNote(log.checkpoint);
const witnessSigner = testSigner('witness.example/w1', 9).verifierKey;
const witness = createVerifierKey({
  kind: 'cosignature/v1',
  name: witnessSigner.name,
  publicKey: witnessSigner.publicKey,
});

function cosign(timestampSeconds: number, cosigned: string): NoteSignature {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(timestampSeconds));
  const message = Buffer.from(formatCosignedMessage({ timestampSeconds, text: cosigned }));
  const signature = Buffer.concat([time, sign(null, message, testPrivateKey(9))]);
  return { name: witness.name, keyId: witness.keyId, signature };
}

test('the cosigned message is that of the specification', () => {
  assert.equal(
    formatCosignedMessage({ timestampSeconds: 1679315147, text: 'example.com/behind-the-sofa\n' }),
    'cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n',
  );
});

test('verifyNote() verifies the log and its witness, with the time the witness signed', () => {
  const note = formatNote({ text, signatures: [...signatures, cosign(1_700_000_000, text)] });
  const verified = verifyNote({ note, verifierKeys: [testSigner().verifierKey, witness] });
  assert(verified.ok);
  assert.deepEqual(
    verified.signatures.map(({ kind, timestampSeconds }) => [kind, timestampSeconds]),
    [
      ['ed25519', undefined],
      ['cosignature/v1', 1_700_000_000],
    ],
  );
});

test('a witness that signed twice counts once, with the newer time', () => {
  for (const times of [
    [5, 9],
    [9, 5],
    [9, 9],
  ]) {
    const cosignatures = times.map((time) => cosign(time, text));
    const note = formatNote({ text, signatures: [...signatures, ...signatures, ...cosignatures] });
    const verified = verifyNote({ note, verifierKeys: [testSigner().verifierKey, witness] });
    assert(verified.ok);
    assert.deepEqual(
      verified.signatures.map(({ timestampSeconds }) => timestampSeconds),
      [undefined, 9],
    );
  }
});

test('verifyCosignature() refuses another time, checkpoint, key or any byte changed', () => {
  const { signature: bytes } = cosign(1_700_000_000, text);
  assert.deepEqual(verifyCosignature({ text, key: witness, bytes }), { ok: true, timestampSeconds: 1_700_000_000 });
  for (let at = 0; at < bytes.length; at += 1) {
    assert.equal(verifyCosignature({ text, key: witness, bytes: flipByte(bytes, at, 1) }).ok, false, `byte ${at}`);
  }
  assert.equal(verifyCosignature({ text: text.replace('\n5\n', '\n6\n'), key: witness, bytes }).ok, false);
  assert.equal(verifyCosignature({ text, key: witnessSigner, bytes }).ok, false);
  const note = formatNote({
    text,
    signatures: [...signatures, { ...cosign(1, text), signature: bytes.subarray(0, 71) }],
  });
  assert.equal(verifyNote({ note, verifierKeys: [testSigner().verifierKey, witness] }).ok, false);
});

test('a cosignature over something that is no checkpoint is refused', () => {
  const { signature: bytes } = cosign(1_700_000_000, 'not a checkpoint\n');
  assert.equal(verifyCosignature({ text: 'not a checkpoint\n', key: witness, bytes }).ok, false);
});

test('parseCosignature() accepts 72 bytes with a time up to 2^53 - 1, whatever they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      if (bytes.length === 72 && bytes[0] === 0 && (bytes[1] ?? 0) < 0x20)
        assert.equal(parseCosignature(bytes).signature.length, 64);
      else assert.throws(() => parseCosignature(bytes), { name: 'MerkleLogError', code: 'invalid_cosignature' });
    }),
  );
  assert.throws(() => parseCosignature(new Uint8Array(72).fill(0xff)), { code: 'invalid_cosignature' });
});
