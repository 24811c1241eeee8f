import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { test } from 'node:test';
import {
  createCosigner,
  encodeCosignedSubtree,
  formatCheckpoint,
  formatNote,
  formatVerifierKey,
  parseCheckpoint,
  parseCosignature,
  parseNote,
  parseVerifierKey,
  signNote,
  verifyCosignature,
  verifyNote,
} from './index.ts';
import { foreignCheckpoint, foreignCosignatures, foreignVerifierKeys } from './testing/foreign-cosignatures.ts';
import { createInMemoryLog, flipByte, testEntries, testPrivateKey, testSigner } from './testing/in-memory-log.ts';

const { checkpoint: note } = createInMemoryLog(testEntries(5));
const { text } = parseNote(note);
const timestampSeconds = 1_700_000_000;

/** The ML-DSA-44 key of the 32-byte seed (RFC 9881, seed-only form). */
function mlDsa44Key(seed: number): ReturnType<typeof createPrivateKey> {
  const head = Buffer.from('3034020100300b060960864801650304031104228020', 'hex');
  return createPrivateKey({ key: Buffer.concat([head, Buffer.alloc(32, seed)]), format: 'der', type: 'pkcs8' });
}

test('a cosigned checkpoint verifies with the key of the cosigner, whichever algorithm it has', () => {
  for (const privateKey of [testPrivateKey(9), mlDsa44Key(9)]) {
    const cosigner = createCosigner({ name: 'witness.example/w1', privateKey });
    const { signatures } = parseNote(note);
    const cosigned = formatNote({ text, signatures: [...signatures, cosigner.cosign({ text, timestampSeconds })] });
    const verified = verifyNote({
      note: cosigned,
      verifierKeys: [testSigner().verifierKey, parseVerifierKey(formatVerifierKey(cosigner.verifierKey))],
    });
    assert(verified.ok);
    assert.equal(verified.signatures[1]?.timestampSeconds, timestampSeconds);
    assert.equal(verified.signatures[1]?.kind, cosigner.verifierKey.kind);
  }
});

test('the key ID and the message of ML-DSA-44 are those of the specification, byte by byte', () => {
  const privateKey = mlDsa44Key(1);
  const cosigner = createCosigner({ name: 'witness.example/w1', privateKey });
  const { name, keyId, publicKey } = cosigner.verifierKey;
  const digest = createHash('sha256').update(`${name}\n`).update(Uint8Array.of(0x06)).update(publicKey).digest();
  assert.equal(keyId, digest.readUInt32BE(0));
  assert.equal(publicKey.length, 1312);

  const origin = 'example.com/behind-the-sofa';
  const root = Buffer.from('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=', 'base64');
  const sofa = formatCheckpoint({ origin, treeSize: 20852163, root });
  const u64 = (value: number): string => value.toString(16).padStart(16, '0');
  const vector = (value: string): string =>
    value.length.toString(16).padStart(2, '0') + Buffer.from(value).toString('hex');
  const expected = Buffer.from(
    Buffer.from('subtree/v1\n\0').toString('hex') +
      vector('witness.example/w1') +
      u64(1679315147) +
      vector(origin) +
      u64(0) +
      u64(20852163) +
      root.toString('hex'),
    'hex',
  );
  const checkpoint = parseCheckpoint(sofa);
  const message = encodeCosignedSubtree({ cosignerName: name, timestampSeconds: 1679315147, checkpoint });
  assert.deepEqual(Buffer.from(message), expected);

  const { signature } = cosigner.cosign({ text: sofa, timestampSeconds: 1679315147 });
  const { timestampSeconds: time, signature: signed } = parseCosignature(signature);
  assert.equal(time, 1679315147);
  assert.equal(verify(null, expected, createPublicKey(privateKey), signed), true);
});

test('an Ed25519 cosignature is over the message of the specification', () => {
  const sofa = formatCheckpoint({
    origin: 'example.com/behind-the-sofa',
    treeSize: 20852163,
    root: Buffer.from('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=', 'base64'),
  });
  const cosigner = createCosigner({ name: 'witness.example.com/w1', privateKey: testPrivateKey(3) });
  const { signature } = parseCosignature(cosigner.cosign({ text: sofa, timestampSeconds: 1679315147 }).signature);
  const message =
    'cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
  assert.equal(verify(null, Buffer.from(message), createPublicKey(testPrivateKey(3)), signature), true);
});

test('an ML-DSA-44 cosignature holds for its name, time, origin, size and root alone, not for extension lines', () => {
  const cosigner = createCosigner({ name: 'witness.example/w1', privateKey: mlDsa44Key(9) });
  const key = cosigner.verifierKey;
  const { signature: bytes } = cosigner.cosign({ text, timestampSeconds });
  assert.deepEqual(verifyCosignature({ text, key, bytes }), { ok: true, timestampSeconds });
  assert.equal(verifyCosignature({ text: `${text}extension\n`, key, bytes }).ok, true);
  assert.equal(verifyCosignature({ text: text.replace('\n5\n', '\n6\n'), key, bytes }).ok, false);
  assert.equal(verifyCosignature({ text: text.replace('log.', 'lag.'), key, bytes }).ok, false);
  assert.equal(verifyCosignature({ text, key: { ...key, name: 'witness.example/w2' }, bytes }).ok, false);
  assert.equal(verifyCosignature({ text, key, bytes: bytes.subarray(0, 72) }).ok, false);
  for (let at = 0; at < bytes.length; at += 101) {
    assert.equal(verifyCosignature({ text, key, bytes: flipByte(bytes, at, 1) }).ok, false, `byte ${at}`);
  }
});

test('keys of different kinds do not stand in for each other', () => {
  const ed25519 = createCosigner({ name: 'w', privateKey: testPrivateKey(9) });
  const mlDsa44 = createCosigner({ name: 'w', privateKey: mlDsa44Key(9) });
  const [first, second] = [ed25519, mlDsa44].map((one) => one.cosign({ text, timestampSeconds }).signature);
  assert(first !== undefined && second !== undefined);
  assert.equal(verifyCosignature({ text, key: ed25519.verifierKey, bytes: second }).ok, false);
  assert.equal(verifyCosignature({ text, key: mlDsa44.verifierKey, bytes: first }).ok, false);
  const asNote = signNote({ text, signers: [testSigner('w', 9)] });
  assert.equal(verifyNote({ note: asNote, verifierKeys: [ed25519.verifierKey] }).ok, false);
});

test('createCosigner() takes private keys of its two algorithms, and cosigns checkpoints at real times', () => {
  const { privateKey: p256 } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { publicKey } = generateKeyPairSync('ed25519');
  for (const privateKey of [p256, publicKey]) {
    assert.throws(() => createCosigner({ name: 'w', privateKey }), { code: 'invalid_verifier_key' });
  }
  assert.throws(() => createCosigner({ name: 'a b', privateKey: testPrivateKey(9) }), { code: 'invalid_verifier_key' });
  const cosigner = createCosigner({ name: 'w', privateKey: testPrivateKey(9) });
  for (const time of [0, -1, 1.5, 2 ** 53]) {
    assert.throws(() => cosigner.cosign({ text, timestampSeconds: time }), { code: 'invalid_cosignature' });
  }
  assert.throws(() => cosigner.cosign({ text: 'x\n', timestampSeconds }), { code: 'invalid_checkpoint' });
  const long = createCosigner({ name: 'w', privateKey: mlDsa44Key(9) });
  const longOrigin = text.replace('log.', 'l'.repeat(300));
  assert.throws(() => long.cosign({ text: longOrigin, timestampSeconds }), { code: 'invalid_cosignature' });
});

test('cosignatures made by another implementation verify, of both kinds', () => {
  for (const [at, vkey] of foreignVerifierKeys.entries()) {
    const key = parseVerifierKey(vkey);
    const bytes = Buffer.from(foreignCosignatures[at] ?? '', 'base64');
    const verified = verifyCosignature({ text: foreignCheckpoint, key, bytes });
    assert(verified.ok, key.kind);
    assert.equal(new Date(verified.timestampSeconds * 1000).getUTCFullYear(), 2026);
    const other = foreignCheckpoint.replace('\n5\n', '\n6\n');
    assert.equal(verifyCosignature({ text: other, key, bytes }).ok, false, key.kind);
  }
});
