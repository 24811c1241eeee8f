import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createDatagramGuard } from './datagram-guard.ts';

const credentials = { ufrag: 'ours', password: 'the password of our answer', senderUfrag: 'theirs' };
const sender = { address: '192.0.2.7', port: 50_000 };
const stranger = { address: '192.0.2.8', port: 50_000 };
const dtls = Buffer.from('16fefd0000', 'hex');
const rtp = Buffer.from('80600001', 'hex');

/** A check as a browser sends it, with an attribute it may leave out before the user name, and FINGERPRINT after all. */
function check({ username = 'ours:theirs', password = credentials.password, type = 1 } = {}): Buffer {
  const attribute = (name: number, value: Buffer): Buffer => {
    const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
    padded.writeUInt16BE(name, 0);
    padded.writeUInt16BE(value.length, 2);
    padded.set(value, 4);
    return padded;
  };
  const header = Buffer.alloc(20);
  header.writeUInt16BE(type, 0);
  header.writeUInt32BE(0x2112a442, 4);
  header.set(randomBytes(12), 8);
  const body = Buffer.concat([attribute(0x8029, randomBytes(8)), attribute(0x0006, Buffer.from(username))]);
  header.writeUInt16BE(body.length + 24, 2);
  const integrity = createHmac('sha1', password).update(header).update(body).digest();
  header.writeUInt16BE(body.length + 24 + 8, 2);
  return Buffer.concat([header, body, attribute(0x0008, integrity), attribute(0x8028, randomBytes(4))]);
}

test('whoever proves the password of the answer is listened to, under the address they proved it from', () => {
  const guard = createDatagramGuard(credentials);
  assert.equal(guard(dtls, sender), false);
  assert.ok(guard(check(), sender));
  assert.ok(guard(dtls, sender) && guard(rtp, sender));
  assert.deepEqual([guard(dtls, stranger), guard(dtls, { ...sender, port: 50_001 })], [false, false]);
});

test('a check with another password, for another session, of another kind or changed on the way is not answered', () => {
  const guard = createDatagramGuard(credentials);
  const attacks = [
    check({ password: 'guessed' }),
    check({ username: 'before:theirs' }),
    check({ username: 'ours:others' }),
    check({ type: 0x0101 }),
    check({ type: 0x0011 }),
    check().subarray(0, 60),
    Buffer.concat([check(), Buffer.alloc(4)]),
  ];
  for (const attack of attacks) assert.equal(guard(attack, stranger), false);
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (place, change) => {
      const changed = check();
      // What stands after the proof proves nothing, and is left to whoever reads it.
      const at = place % (changed.length - 8);
      changed[at] = (changed[at] ?? 0) ^ change;
      // Its length may not say otherwise either.
      assert.equal(guard(changed, stranger), false);
    }),
  );
  assert.equal(guard(dtls, stranger), false);
});

test('whatever comes is judged without an error, and only so many addresses are proven at a time', () => {
  const guard = createDatagramGuard(credentials);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => assert.equal(guard(bytes, stranger), false)));
  for (let port = 1; port <= 9; port += 1) assert.ok(guard(check(), { address: '192.0.2.7', port }));
  assert.equal(guard(rtp, { address: '192.0.2.7', port: 1 }), false);
  assert.ok(guard(rtp, { address: '192.0.2.7', port: 2 }));
});
