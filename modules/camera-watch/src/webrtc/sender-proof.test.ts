import assert from 'node:assert/strict';
import { createHash, randomBytes, sign, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTestAuthority } from '@sallyport/testing/test-authority';
import { createSenderProof } from './sender-proof.ts';

const authority = createTestAuthority('Senders');
const camera = authority.issue({ commonName: 'camera' });
const attacker = authority.issue({ commonName: 'camera' });
const clientRandom = randomBytes(32);
const serverRandom = randomBytes(32);

const derOf = (pem: string): Buffer => Buffer.from(new X509Certificate(pem).raw);
const fingerprint = Array.from(createHash('sha256').update(derOf(camera.cert)).digest(), (byte) =>
  byte.toString(16).toUpperCase().padStart(2, '0'),
).join(':');

const hello = {
  msg_type: 2,
  fragment: Buffer.concat([Buffer.from([0xfe, 0xfd]), serverRandom, Buffer.from([0, 0xc0, 0x2b, 0])]),
};

function certificate(pem: string) {
  const der = derOf(pem);
  const lengths = Buffer.alloc(6);
  lengths.writeUIntBE(der.length + 3, 0, 3);
  lengths.writeUIntBE(der.length, 3, 3);
  return { msg_type: 11, fragment: Buffer.concat([lengths, der]) };
}

/** A point on X25519 and a signature over it, as RFC 8422 has it. */
function keyExchange(keyPem: string, randoms = Buffer.concat([clientRandom, serverRandom])) {
  const parameters = Buffer.concat([Buffer.from([3, 0, 29, 32]), randomBytes(32)]);
  const signature = sign('sha256', Buffer.concat([randoms, parameters]), keyPem);
  const head = Buffer.from([4, 3, signature.length >> 8, signature.length & 0xff]);
  return { msg_type: 12, fragment: Buffer.concat([parameters, head, signature]) };
}

test('who signs with the key of the certificate in the offer has proved it, once', () => {
  const proof = createSenderProof(fingerprint);
  const messages = [
    hello,
    certificate(camera.cert),
    keyExchange(camera.key),
    { msg_type: 14, fragment: Buffer.alloc(0) },
  ];
  assert.deepEqual(proof.filter(messages, clientRandom), messages);
  assert.ok(proof.isGiven());
  // Said again, only the end of the flight passes: nothing is agreed on anew.
  assert.deepEqual(
    proof.filter(messages, clientRandom).map(({ msg_type: type }) => type),
    [14],
  );
});

test('who only shows the certificate, brings another, or repeats an older signature proves nothing', () => {
  const shown = certificate(camera.cert);
  const signed = keyExchange(camera.key);
  const attacks = [
    [hello, shown, keyExchange(attacker.key)],
    [hello, certificate(attacker.cert), keyExchange(attacker.key)],
    // Exchanged for the right one when keys are agreed on.
    [hello, certificate(attacker.cert), keyExchange(attacker.key), shown],
    [hello, shown, certificate(attacker.cert), keyExchange(attacker.key)],
    [hello, shown, keyExchange(camera.key, randomBytes(64))],
    [hello, shown, { ...signed, fragment: signed.fragment.subarray(0, 40) }],
    [hello, shown, { ...signed, fragment: signed.fragment.with(10, (signed.fragment[10] ?? 0) ^ 1) }],
    [shown, signed],
    [hello, signed, shown],
  ];
  for (const messages of attacks) {
    const proof = createSenderProof(fingerprint);
    const passed = proof.filter(messages, clientRandom);
    assert.ok(passed.every((message) => message === hello || message === shown));
    assert.equal(proof.isGiven(), false);
    // It stops nobody who can.
    assert.equal(proof.filter([hello, shown, keyExchange(camera.key)], clientRandom).length, 3);
  }
});

test('whatever is said in a handshake is judged without an error', () => {
  const message = fc.record({
    msg_type: fc.constantFrom(2, 11, 12, 13, 14),
    fragment: fc.uint8Array({ maxLength: 200 }),
  });
  fc.assert(
    fc.property(fc.array(message), fc.boolean(), (messages, isShown) => {
      const proof = createSenderProof(fingerprint);
      if (isShown) proof.filter([hello, certificate(camera.cert)], clientRandom);
      const passed = proof.filter(messages, clientRandom);
      assert.ok(passed.every(({ msg_type: type }) => type !== 11 && type !== 12));
      assert.equal(proof.isGiven(), false);
    }),
  );
});
