import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeNameConstraints, encodeNameConstraints } from './name-constraints.ts';

const ipv4Range = fc
  .tuple(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 1, max: 32 }))
  .map(([address, prefix]) => {
    const kept = prefix === 32 ? address : (address & ~(0xffffffff >>> prefix)) >>> 0;
    return `${[24, 16, 8, 0].map((shift) => (kept >>> shift) & 0xff).join('.')}/${prefix}`;
  });

test('what was encoded is decoded again', () => {
  const names = fc.array(fc.stringMatching(/^[a-z0-9]{1,20}(\.[a-z]{1,10}){0,3}$/), { maxLength: 30 });
  fc.assert(
    fc.property(names, fc.array(ipv4Range, { maxLength: 10 }), (dns, ipv4) => {
      const permitted = { dns, ranges: [...ipv4, '::1/128', 'fc00::/7', '2001:db8::7/128'] };
      assert.deepEqual(decodeNameConstraints(encodeNameConstraints(permitted)), permitted);
    }),
    { numRuns: 200 },
  );
});

test('other bytes are undefined, never a wider permission and never an exception', () => {
  const whole = encodeNameConstraints({ dns: ['a.example'], ranges: ['10.0.0.0/8'] });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      decodeNameConstraints(bytes);
    }),
  );
  for (let cut = 0; cut < whole.length; cut += 1)
    assert.equal(decodeNameConstraints(whole.subarray(0, cut)), undefined);
  assert.equal(decodeNameConstraints(Buffer.concat([whole, Buffer.from([0])])), undefined);
});
