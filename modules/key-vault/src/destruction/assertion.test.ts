import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeyVaultError } from '../errors.ts';
import { verifyAssertion } from './assertion.ts';
import type { Assertion } from './assertion.ts';
import { passkeyAlgorithms, readCoseKey } from './cose-key.ts';
import { person } from './destruction-testing.ts';
import type { AssertionChange } from './destruction-testing.ts';

const digest = hash('sha256', 'this exact list');
const refused = { code: 'destruction_refused' };

test('an assertion over exactly this digest is accepted, for each kind of key authenticators make', () => {
  for (const algorithm of passkeyAlgorithms) {
    const ada = person('Ada', algorithm);
    const { counter } = verifyAssertion(ada.sign(digest), { passkey: ada.passkey, digest });
    assert.equal(counter, 1);
    const grace = person('Grace', algorithm);
    const forged = { ...grace.sign(digest), credentialId: ada.passkey.credentialId };
    assert.throws(() => verifyAssertion(forged, { passkey: ada.passkey, digest }), refused);
  }
});

test('whatever about an assertion is not as it must be, it is refused for that', () => {
  const ada = person('Ada');
  const attempts: [AssertionChange, RegExp][] = [
    [{ challenge: Buffer.alloc(32).toString('base64url') }, /something else than this exact list/],
    [{ type: 'webauthn.create' }, /not made to sign/],
    [{ crossOrigin: true }, /inside another/],
    [{ origin: 'http://localhost.example.org' }, /another page/],
    [{ origin: 'https://elsewhere.example' }, /another page/],
    [{ origin: 'https://localhost/' }, /another page/],
    [{ origin: 'null' }, /another page/],
    [{ hostName: 'elsewhere.example' }, /another host name/],
    [{ flags: 0x04 }, /nobody was present/],
    [{ flags: 0x01 }, /did not verify the person/],
    [{ trailing: Buffer.from('more') }, /stands behind/],
  ];
  for (const [change, why] of attempts) {
    const assertion = ada.sign(digest, change);
    assert.throws(
      () => verifyAssertion(assertion, { passkey: ada.passkey, digest }),
      (error) => error instanceof KeyVaultError && error.code === 'destruction_refused' && why.test(error.message),
      JSON.stringify(change),
    );
  }
  const other = { ...ada.passkey, credentialId: 'AAAA' };
  assert.throws(() => verifyAssertion(ada.sign(digest), { passkey: other, digest }), refused);
});

test('a page of a name counts for a passkey of that name, over https alone', () => {
  const ada = person('Ada');
  const passkey = { ...ada.passkey, hostName: 'example.org' };
  const at = (origin: string): Assertion => ada.sign(digest, { origin, hostName: 'example.org' });
  for (const origin of ['https://example.org', 'https://console.example.org:8443'])
    assert.ok(verifyAssertion(at(origin), { passkey, digest }).counter > 0);
  for (const origin of ['http://example.org', 'https://badexample.org', 'https://example.org.evil.test'])
    assert.throws(() => verifyAssertion(at(origin), { passkey, digest }), refused);
});

test('arbitrary bytes in any part, or one bit changed, are refused and never worse', () => {
  const ada = person('Ada');
  const good = ada.sign(digest);
  const part = fc.constantFrom('clientDataJson' as const, 'authenticatorData' as const, 'signature' as const);
  fc.assert(
    fc.property(part, fc.uint8Array({ maxLength: 300 }), (name, bytes) => {
      const assertion = { ...good, [name]: Buffer.from(bytes).toString('base64url') };
      assert.throws(() => verifyAssertion(assertion, { passkey: ada.passkey, digest }), refused);
    }),
  );
  fc.assert(
    fc.property(part, fc.nat(), fc.integer({ min: 0, max: 7 }), (name, at, bit) => {
      const bytes = Buffer.from(good[name], 'base64url');
      const place = at % bytes.length;
      bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
      const assertion = { ...good, [name]: bytes.toString('base64url') };
      assert.throws(() => verifyAssertion(assertion, { passkey: ada.passkey, digest }), refused);
    }),
  );
  fc.assert(
    fc.property(fc.json(), (text) => {
      const assertion = { ...good, clientDataJson: Buffer.from(text).toString('base64url') };
      assert.throws(() => verifyAssertion(assertion, { passkey: ada.passkey, digest }), refused);
    }),
  );
});

test('a COSE key is read the one way it is written; anything else is refused', () => {
  for (const algorithm of passkeyAlgorithms) {
    const bytes = Buffer.from(person('Ada', algorithm).passkey.publicKey, 'base64url');
    assert.equal(readCoseKey(bytes).algorithm, algorithm);
    assert.throws(() => readCoseKey(Buffer.concat([bytes, Buffer.from([0])])), refused);
    assert.throws(() => readCoseKey(bytes.subarray(0, -1)), refused);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      assert.throws(() => readCoseKey(bytes), refused);
    }),
  );
  const point = Buffer.from(person('Ada').passkey.publicKey, 'base64url');
  // Neither this nor hardly any other x with this y is a point of the curve.
  point[20] = (point[20] ?? 0) ^ 1;
  assert.throws(() => readCoseKey(point), refused);
});
