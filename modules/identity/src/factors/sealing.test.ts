import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { deriveKey, open, seal } from './sealing.ts';

const key = randomBytes(32);
const bytes = fc.uint8Array({ maxLength: 64 });

test('what is sealed opens for its owner under its key', () => {
  fc.assert(
    fc.property(bytes, fc.string(), (plain, owner) => {
      assert.deepEqual(new Uint8Array(open(key, seal(key, plain, owner, randomBytes(12)), owner)), plain);
    }),
  );
});

test('it opens for no other owner, under no other key, and not after a change', () => {
  fc.assert(
    fc.property(bytes, fc.nat(), (plain, at) => {
      const sealed = seal(key, plain, 'ada', randomBytes(12));
      assert.throws(() => open(key, sealed, 'eve'));
      assert.throws(() => open(randomBytes(32), sealed, 'ada'));
      const changed = Buffer.from(sealed, 'base64');
      changed.writeUInt8(changed.readUInt8(at % changed.length) ^ 1, at % changed.length);
      assert.throws(() => open(key, changed.toString('base64'), 'ada'));
      assert.throws(() => open(key, sealed.slice(0, 20), 'ada'));
    }),
  );
});

test('each use has a key of its own, and only from a key of 32 bytes', () => {
  const keys = (['password pepper', 'totp seed', 'recovery code'] as const).map((use) => deriveKey(key, use));
  assert.equal(new Set([key, ...keys].map((one) => one.toString('hex'))).size, 4);
  assert.throws(() => deriveKey(new Uint8Array(31), 'totp seed'), TypeError);
});
