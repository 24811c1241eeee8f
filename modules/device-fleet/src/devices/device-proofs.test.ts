import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { deviceFingerprint, deviceKeyText } from '@sallyport/contracts';
import { createManualClock } from '@sallyport/platform/clock';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { createDeviceUnderTest } from '@sallyport/testing/device-under-test';
import fc from 'fast-check';
import { isProofBy, parseDeviceKey } from './device-key.ts';
import { cleanDeviceText } from './device-text.ts';
import { host, refusalOf, setUpDevices } from './devices.fixture.ts';
import { createNonces } from './nonces.ts';

/** RFC 6979 appendix A.2.5: the public key of its example on P-256. */
const published = {
  x: Buffer.from('60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6', 'hex').toString('base64url'),
  y: Buffer.from('7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299', 'hex').toString('base64url'),
};

test('a fingerprint is six blocks of five digits of the RFC 7638 thumbprint', () => {
  const digest = createHash('sha256').update(deviceKeyText(published)).digest();
  const number = Number.parseInt(digest.toString('hex').slice(0, 10), 16);
  assert.equal(deviceFingerprint(digest).slice(0, 5), String(number % 100_000).padStart(5, '0'));
  assert.equal(deviceFingerprint(new Uint8Array(32)), '00000 00000 00000 00000 00000 00000');
  assert.equal(deviceFingerprint(new Uint8Array(32).fill(255)), '27775 27775 27775 27775 27775 27775');
});

test('only a point on P-256 in its one spelling is a key', () => {
  const ec = { kty: 'EC', crv: 'P-256' };
  assert.deepEqual(parseDeviceKey({ ...ec, ...published }), published);
  const { x, y } = published;
  const zero = Buffer.alloc(32).toString('base64url');
  const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
  const koblitz = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' });
  for (const jwk of [
    { ...ec, x: y, y: x },
    { ...ec, x: zero, y: zero },
    { ...ec, x, y: zero },
    { ...ec, x: `${x}=`, y },
    { ...ec, x: Buffer.from(x, 'base64url').toString('base64'), y: `${y}==` },
    // The last digit of 43 carries two bits that say nothing.
    { ...ec, x: `${x.slice(0, -1)}${x.endsWith('Y') ? 'Z' : 'Y'}`, y },
    { ...ec, x: '', y: '' },
    { kty: 'OKP', crv: 'Ed25519', x, y },
    { kty: 'EC', crv: 'P-384', x: other.x ?? '', y: other.y ?? '' },
    { ...ec, x: other.x ?? '', y: other.y ?? '' },
    { ...ec, x: koblitz.x ?? '', y: koblitz.y ?? '' },
  ])
    assert.equal(parseDeviceKey(jwk), undefined, JSON.stringify(jwk));
});

test('whatever stands where a key or a signature should be is refused without an error', () => {
  const phone = createDeviceUnderTest(`https://${host}`);
  const text = fc.oneof(fc.string(), fc.base64String(), fc.uint8Array({ maxLength: 80 }).map(base64url));
  fc.assert(
    fc.property(text, text, (x, y) => {
      assert.equal(parseDeviceKey({ kty: 'EC', crv: 'P-256', x, y }), undefined);
    }),
  );
  const proof = { purpose: 'enrol', host, value: 'code' } as const;
  const good = Buffer.from(phone.sign('enrol', 'code'), 'base64url');
  assert.equal(isProofBy(phone.publicKey, proof, base64url(good)), true);
  fc.assert(fc.property(text, (signature) => assert.equal(isProofBy(phone.publicKey, proof, signature), false)));
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bent = Uint8Array.from(good, (byte, index) => (index === at ? byte ^ flip : byte));
      assert.equal(isProofBy(phone.publicKey, proof, base64url(bent)), false);
    }),
  );
  for (const bytes of [new Uint8Array(64), new Uint8Array(64).fill(255), good.subarray(0, 63)])
    assert.equal(isProofBy(phone.publicKey, proof, base64url(bytes)), false);
});

test('a nonce is good for its device, for two minutes and once; a made-up one never is', () => {
  const clock = createManualClock(0);
  let drawn = 0;
  const random = (length: number): Uint8Array => new Uint8Array(length).fill((drawn += 1));
  const nonces = createNonces({ clock, random });
  const { nonce } = nonces.issue('a');
  assert.equal(nonces.isGood('a', nonce), true);
  assert.equal(nonces.isGood('b', nonce), false);
  assert.equal(createNonces({ clock, random }).isGood('a', nonce), false);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => !nonces.isGood('a', base64url(bytes))));
  // Its end is sealed with it.
  const bytes = Buffer.from(nonce, 'base64url');
  bytes.writeDoubleBE(1e12, 16);
  assert.equal(nonces.isGood('a', base64url(bytes)), false);
  assert.equal(nonces.spend(nonce), true);
  assert.equal(nonces.spend(nonce), false);
  clock.advance(119_999);
  assert.equal(nonces.isGood('a', nonce), true);
  assert.equal(nonces.spend(nonce), false);
  clock.advance(1);
  assert.equal(nonces.isGood('a', nonce), false);
});

test('what a device says of itself is cut and drives no screen', () => {
  assert.equal(cleanDeviceText('  Pixel\u001B[31m\n\u202E9\u0000 '), 'Pixel [31m 9');
  assert.equal(cleanDeviceText(`Z${'\u0301'.repeat(50)}x`).length < 6, true);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
      const clean = cleanDeviceText(text);
      assert.doesNotMatch(clean, /[\p{C}\p{Zl}\p{Zp}]/u);
      assert.ok(Array.from(clean).length <= 100);
      assert.equal(cleanDeviceText(clean), clean);
    }),
  );
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('a proof for another host, purpose, code or by another key takes nobody in and uses no code up', async () => {
    const house = await setUpDevices(await open());
    const { code } = await house.invite();
    const [phone, thief] = [house.phone(), house.phone()];
    const otherCode = (await house.invite()).code;
    for (const signature of [
      phone.sign('enrol', code, 'evil.example'),
      phone.sign('enrol', code, `${host}\n`),
      phone.sign('session', code),
      phone.sign('enrol', otherCode),
      thief.sign('enrol', code),
      'A'.repeat(86),
    ])
      assert.equal(await refusalOf(() => house.enrol(phone, code, { signature })), 'device_proof_wrong');
    const guessed = 'g'.repeat(24);
    assert.equal(await refusalOf(() => house.enrol(phone, guessed)), 'enrolment_unknown');
    const swapped = { ...phone.publicKey, x: phone.publicKey.y };
    assert.equal(await refusalOf(() => house.enrol(phone, code, { publicKey: swapped })), 'device_key_invalid');
    assert.deepEqual(house.devices().list(), []);
    assert.equal((await house.enrol(phone, code)).state, 'waiting');
    // Its key is taken: it is no second device.
    assert.equal(await refusalOf(() => house.enrol(phone, otherCode)), 'device_key_invalid');
  });

  test('a session takes a fresh proof of the device itself, each challenge once', async () => {
    const house = await setUpDevices(await open());
    const devices = house.devices();
    const { phone, id } = await house.approved();
    const other = await house.approved('Yard');
    const { nonce } = devices.challenge(id);
    const ask = (changed: { deviceId?: string; nonce?: string; signature?: string; host?: string }) =>
      refusalOf(() =>
        devices.openSession({ deviceId: id, nonce, signature: phone.sign('session', nonce), host, ...changed }),
      );
    for (const changed of [
      { signature: phone.sign('session', nonce, 'evil.example') },
      { host: 'evil.example' },
      { signature: phone.sign('enrol', nonce) },
      { signature: other.phone.sign('session', nonce) },
      { deviceId: other.id },
      { deviceId: other.id, signature: other.phone.sign('session', nonce) },
      { deviceId: '0'.repeat(16) },
      { nonce: 'made-up', signature: phone.sign('session', 'made-up') },
    ])
      assert.equal(await ask(changed), 'device_proof_wrong', JSON.stringify(changed));
    // What failed did not use it up.
    assert.equal(await ask({}), undefined);
    assert.equal(await ask({}), 'device_proof_wrong');
    // Whether there is such a device is not told by the challenge.
    assert.equal(devices.challenge('0'.repeat(16)).nonce.length, nonce.length);
    const late = devices.challenge(id);
    house.clock.advance(120_000);
    assert.equal(await ask({ nonce: late.nonce, signature: phone.sign('session', late.nonce) }), 'device_proof_wrong');
  });

  test('a device has at most four sessions: the oldest ends', async () => {
    const house = await setUpDevices(await open());
    const { phone, id, token } = await house.approved();
    const tokens = Array.from({ length: 4 }, () => house.openSession(phone, id).token.reveal());
    assert.equal('refused' in house.devices().authenticate(token), true);
    for (const one of tokens) assert.equal('refused' in house.devices().authenticate(one), false);
    for (const bad of ['', 'spd_', `spd_${'A'.repeat(43)}`, `${tokens[0] ?? ''}x`])
      assert.deepEqual(house.devices().authenticate(bad), { refused: 'device_session_unknown' });
  });
});

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
