import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clientAddress, isLoopback } from './client-address.ts';
import { readJsonText } from './json-body.ts';

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test('readJsonText() gives back JSON of any content up to the depth, and refuses it one level deeper', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const text = JSON.stringify(value);
      const depth = depthOf(value);
      assert.equal(readJsonText(Buffer.from(text), depth), text);
      if (depth > 0) assert.throws(() => readJsonText(Buffer.from(text), depth - 1), { code: 'body_invalid' });
    }),
  );
});

test('readJsonText() answers any bytes with text or a coded error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        assert.equal(typeof readJsonText(bytes, 3), 'string');
      } catch (error) {
        assert.ok(error instanceof Error && 'code' in error && error.code === 'body_invalid');
      }
    }),
  );
});

test('one client is an IPv4 address or an IPv6 /64', () => {
  assert.equal(clientAddress('192.0.2.1'), '192.0.2.1');
  assert.equal(clientAddress('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(clientAddress('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(clientAddress('2001:db8:1:2::9'), '2001:db8:1:2::/64');
  assert.equal(clientAddress('2001:db8::9'), '2001:db8:0:0::/64');
  assert.equal(clientAddress('fe80::1%eth0'), 'fe80:0:0:0::/64');
  assert.equal(clientAddress('::1'), '::1');
  assert.equal(clientAddress(undefined), 'local');
  fc.assert(
    fc.property(fc.ipV6(), (address) => assert.match(clientAddress(address), /^(?:::1|[0-9a-f:]+::\/64|[\d.]+)$/)),
  );
});

test('only loopback addresses are loopback', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost']) assert.ok(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '128.0.0.1', '127.0.0.1.evil.example', 'localhost.evil.example', ''])
    assert.ok(!isLoopback(host), host);
});
