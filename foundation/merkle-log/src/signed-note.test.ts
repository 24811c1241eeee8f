import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createEd25519Signer,
  createVerifierKey,
  formatNote,
  formatVerifierKey,
  parseNote,
  parseVerifierKey,
  signNote,
  verifyNote,
} from './index.ts';
import { flipByte, testSigner } from './testing/in-memory-log.ts';
import { sharedData } from './testing/recorded-vectors.ts';

// The example of golang.org/x/mod/sumdb/note.
const neumann = parseVerifierKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
const neumannText =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const neumannNote = `${neumannText}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

// The example of c2sp.org/signed-note: its text has a blank line and letters beyond ASCII.
const quasimodo = `Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
`;

test('verifyNote() verifies a note signed by the reference implementation', () => {
  assert.deepEqual(verifyNote({ note: neumannNote, verifierKeys: [neumann] }), {
    ok: true,
    text: neumannText,
    signatures: [{ kind: 'ed25519', name: 'PeterNeumann', keyId: 0xc74f20a3 }],
  });
  assert.equal(verifyNote({ note: Buffer.from(neumannNote), verifierKeys: [neumann] }).ok, true);
});

test('verifyNote() refuses the note with any byte changed', () => {
  const note = Buffer.from(neumannNote);
  for (let at = 0; at < note.length; at += 1) {
    for (const mask of [0x01, 0x20, 0x80]) {
      assert.equal(verifyNote({ note: flipByte(note, at, mask), verifierKeys: [neumann] }).ok, false, `byte ${at}`);
    }
  }
});

test('a note is split at its last blank line, and formats back to itself', () => {
  const parsed = parseNote(quasimodo);
  assert.equal(parsed.text.endsWith('sole:\n\ned è subito sera.\n'), true);
  assert.deepEqual(
    parsed.signatures.map(({ name, keyId, signature }) => [name, keyId, signature.length]),
    [['quasimodo.example/salvatore', 0x367ba04b, 64]],
  );
  assert.equal(formatNote(parsed), quasimodo);
});

test('verifyNote() ignores unknown keys, needs one known key, and refuses a wrong signature of a known key', () => {
  const [log, other] = [testSigner('log.example', 1), testSigner('other.example', 2)];
  const note = signNote({ text: 'hello\n', signers: [other, log] });
  const known = verifyNote({ note, verifierKeys: [log.verifierKey] });
  assert(known.ok);
  assert.deepEqual(
    known.signatures.map(({ name }) => name),
    ['log.example'],
  );
  assert.equal(verifyNote({ note, verifierKeys: [] }).ok, false);
  assert.equal(verifyNote({ note, verifierKeys: [neumann] }).ok, false);

  const sameNameOtherKey = testSigner('log.example', 3).verifierKey;
  assert.equal(verifyNote({ note, verifierKeys: [sameNameOtherKey] }).ok, false);
  const { text, signatures } = parseNote(note);
  const wrong = signatures.map((line) =>
    line.name === 'other.example' ? { ...line, signature: flipByte(line.signature, 0) } : line,
  );
  const tampered = formatNote({ text, signatures: wrong });
  assert.equal(verifyNote({ note: tampered, verifierKeys: [log.verifierKey] }).ok, true);
  assert.equal(verifyNote({ note: tampered, verifierKeys: [log.verifierKey, other.verifierKey] }).ok, false);
});

test('verifyNote() is not deceived by a key whose ID is that of another key', () => {
  const log = testSigner('log.example', 1);
  const forger = { ...testSigner('log.example', 2).verifierKey, keyId: log.verifierKey.keyId };
  const note = signNote({ text: 'hello\n', signers: [{ ...testSigner('log.example', 2), verifierKey: forger }] });
  assert.equal(verifyNote({ note, verifierKeys: [log.verifierKey] }).ok, false);
});

test('what signNote() signs, verifyNote() verifies, whatever the text', () => {
  const signer = testSigner();
  const line = fc.string({ unit: 'grapheme', maxLength: 20 });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
      const text = `${lines.join('\n').replaceAll(/[\u0000-\u0009\u000b-\u001f]/g, '')}x\n`;
      const note = signNote({ text, signers: [signer] });
      const verified = verifyNote({ note, verifierKeys: [signer.verifierKey] });
      assert(verified.ok);
      assert.equal(verified.text, text);
      assert.equal(formatNote(parseNote(note)), note);
    }),
  );
});

test('signNote() refuses what is not a note', () => {
  const signers = [testSigner()];
  for (const text of ['', 'no newline', 'a\r\n', 'a\tb\n', '\ud800\n']) {
    assert.throws(() => signNote({ text, signers }), { name: 'MerkleLogError', code: 'invalid_note' });
  }
  assert.throws(() => signNote({ text: 'a\n', signers: [] }), { code: 'invalid_note' });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  assert.throws(() => createEd25519Signer({ name: 'a', privateKey }), { code: 'invalid_verifier_key' });
  const ed25519 = generateKeyPairSync('ed25519');
  assert.throws(() => createEd25519Signer({ name: 'a', privateKey: ed25519.publicKey }), {
    code: 'invalid_verifier_key',
  });
  assert.throws(() => createEd25519Signer({ name: 'a b', privateKey: ed25519.privateKey }), {
    code: 'invalid_verifier_key',
  });
});

test('parseNote() refuses every other form', () => {
  const signature = '— a AAAAAAA=\n';
  assert.equal(parseNote(`t\n\n${signature}`).signatures.length, 1);
  for (const [what, note] of [
    ['no text', signature],
    ['only newlines', `\n\n${signature}`],
    ['no blank line', `t\n${signature}`],
    ['no signature', 't\n\n'],
    ['no final newline', `t\n\n${signature.slice(0, -1)}`],
    ['trailing text', `t\n\n${signature}x`],
    ['trailing newline', `t\n\n${signature}\n`],
    ['carriage returns', `t\r\n\r\n${signature}`],
    ['hyphen for the dash', 't\n\n- a AAAAAAA=\n'],
    ['two spaces', 't\n\n— a  AAAAAAA=\n'],
    ['trailing space', 't\n\n— a AAAAAAA= \n'],
    ['no name', 't\n\n—  AAAAAAA=\n'],
    ['plus in the name', 't\n\n— a+b AAAAAAA=\n'],
    ['Unicode space in the name', 't\n\n— a\u00a0b AAAAAAA=\n'],
    ['no padding', 't\n\n— a AAAAAAA\n'],
    ['stray bits', 't\n\n— a AAAAAAB=\n'],
    ['URL-safe base64', 't\n\n— a AAAAAA_-\n'],
    ['key ID alone', 't\n\n— a AAAAAA==\n'],
    ['control character', `t\u0007\n\n${signature}`],
    ['lone surrogate', `t\ud800\n\n${signature}`],
    ['101 signatures', `t\n\n${signature.repeat(101)}`],
    ['over 1 MiB', `${'t'.repeat(1024 * 1024)}\n\n${signature}`],
  ] as const) {
    assert.throws(() => parseNote(note), { name: 'MerkleLogError', code: 'invalid_note' }, what);
  }
  assert.equal(parseNote(`t\n\n${signature.repeat(100)}`).signatures.length, 100);
  const brokenUtf8 = Buffer.concat([Uint8Array.of(0xff), Buffer.from(`t\n\n${signature}`)]);
  assert.throws(() => parseNote(brokenUtf8), { code: 'invalid_note' });
  const withMark = parseNote(Buffer.from(`\ufefft\n\n${signature}`));
  assert.equal(withMark.text, '\ufefft\n', 'a byte order mark is text like any other');
});

test('a verifier key is its name, its ID and its type with the key', () => {
  const text = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8';
  const key = parseVerifierKey(text);
  assert.deepEqual([key.kind, key.name, key.keyId], ['ed25519', 'sum.golang.org', 0x033de0ae]);
  assert.equal(formatVerifierKey(key), text);
  const kind = fc.constantFrom('ed25519' as const, 'cosignature/v1' as const);
  fc.assert(
    fc.property(kind, fc.uint8Array({ minLength: 32, maxLength: 32 }), (someKind, publicKey) => {
      const created = createVerifierKey({ kind: someKind, name: 'log.example/a', publicKey });
      const parsed = parseVerifierKey(formatVerifierKey(created));
      assert.deepEqual({ ...parsed, publicKey: Uint8Array.from(parsed.publicKey) }, created);
    }),
  );
});

test('parseVerifierKey() refuses a key ID of another key, other types and other spellings', () => {
  for (const vkey of [
    '',
    'sum.golang.org',
    'sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
    'sum.golang.orb+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
    'sum.golang.org+033DE0AE+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
    'sum.golang.org+33de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
    'sum.golang.org+033de0ae+As4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
    'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuA==',
    'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8\n',
    ' sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
    '+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
    `${'a'.repeat(5000)}+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8`,
  ]) {
    assert.throws(() => parseVerifierKey(vkey), { name: 'MerkleLogError', code: 'invalid_verifier_key' }, vkey);
  }
});

const tessera = sharedData('tlog-tiles', 'testdata');

test('every checkpoint of the recorded log is signed by its key', { skip: tessera.skip }, () => {
  const key = parseVerifierKey(readFileSync(join(tessera.directory, 'log.pub'), 'utf8').trim());
  for (let size = 0; size <= 15; size += 1) {
    const note = readFileSync(join(tessera.directory, 'log', `checkpoint.${size}`));
    const verified = verifyNote({ note, verifierKeys: [key] });
    assert(verified.ok, `checkpoint.${size}`);
    assert.equal(formatNote(parseNote(note)), note.toString());
  }
});
