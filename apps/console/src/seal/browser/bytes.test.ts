import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, hash, sign, verify } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { Buffer as BrowserBuffer } from './bytes.ts';
import * as browserCrypto from './node-crypto.ts';
import { isUtf8 as browserIsUtf8 } from './node-buffer.ts';

const bytes = fc.uint8Array({ maxLength: 200 });

test('Buffer.from() decodes any text as base64 the way Node does', () => {
  const text = fc.oneof(
    fc.base64String(),
    fc.string(),
    fc.string({ unit: fc.constantFrom('A', 'z', '+', '/', '-', '_', '=', ' ', '\n', 'é') }),
  );
  fc.assert(
    fc.property(text, (given) => {
      assert.deepEqual([...BrowserBuffer.from(given, 'base64')], [...Buffer.from(given, 'base64')]);
    }),
  );
});

test('Bytes read, write, encode and compare as Buffer does', () => {
  fc.assert(
    fc.property(bytes, bytes, fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (left, right, number) => {
      const [ours, theirs] = [BrowserBuffer.from(left), Buffer.from(left)];
      for (const encoding of ['utf8', 'base64', 'base64url'] as const) {
        assert.equal(ours.toString(encoding), theirs.toString(encoding));
      }
      assert.equal(BrowserBuffer.compare(left, right), Buffer.compare(left, right));
      assert.equal(
        BrowserBuffer.concat([left, right]).toString('base64'),
        Buffer.concat([left, right]).toString('base64'),
      );
      const [eight, nodeEight] = [BrowserBuffer.alloc(8), Buffer.alloc(8)];
      eight.writeBigUInt64BE(number);
      nodeEight.writeBigUInt64BE(number);
      assert.deepEqual([...eight], [...nodeEight]);
      assert.equal(eight.readBigUInt64BE(), number);
      assert.equal(eight.readUIntBE(1, 6), nodeEight.readUIntBE(1, 6));
      assert.equal(eight.subarray(4).readUInt32BE(0), nodeEight.subarray(4).readUInt32BE(0));
      assert.equal(browserIsUtf8(left), isUtf8(left));
    }),
  );
  assert.throws(() => BrowserBuffer.alloc(3).readUInt32BE(0), RangeError);
});

test('Text with lone surrogates has the length and bytes Node gives it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(BrowserBuffer.byteLength(text), Buffer.byteLength(text));
      assert.deepEqual([...BrowserBuffer.from(text)], [...Buffer.from(text)]);
    }),
  );
});

test('hash() and verify() agree with Node, and a flipped bit anywhere is refused', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const key = browserCrypto.createPublicKey({ key: { x } });
  fc.assert(
    fc.property(bytes, fc.nat(511), (message, bit) => {
      assert.equal(browserCrypto.hash('sha256', message, 'binary'), hash('sha256', message, 'binary'));
      const signature = sign(null, message, privateKey);
      assert.equal(browserCrypto.verify(null, message, key, signature), true);
      signature[bit >> 3] = (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(
        browserCrypto.verify(null, message, key, signature),
        verify(null, message, createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })), signature),
      );
      assert.equal(browserCrypto.verify(null, message, key, signature), false);
    }),
    { numRuns: 20 },
  );
  assert.equal(browserCrypto.verify(null, new Uint8Array(1), key, new Uint8Array(3)), false);
  assert.throws(() => browserCrypto.sign(), TypeError);
});

test('a signature of ML-DSA-44 that Node makes verifies, and no changed one does', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ml-dsa-44');
  const { pub = '' } = publicKey.export({ format: 'jwk' });
  assert.ok(typeof pub === 'string');
  const key = browserCrypto.createPublicKey({ key: { alg: 'ML-DSA-44', pub } });
  const message = Buffer.from('a checkpoint');
  const signature = sign(null, message, privateKey);
  assert.equal(browserCrypto.verify(null, message, key, signature), true);
  for (const at of [0, 31, 1200, signature.length - 1]) {
    const changed = Buffer.from(signature);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(browserCrypto.verify(null, message, key, changed), false, `byte ${at}`);
  }
  assert.equal(browserCrypto.verify(null, Buffer.from('another'), key, signature), false);
  assert.equal(browserCrypto.verify(null, message, { ...key, publicKey: key.publicKey.subarray(1) }, signature), false);
});
