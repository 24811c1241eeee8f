import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { looksLikeIp } from './fields.ts';

test('addresses are addresses, in every way they are written', () => {
  for (const address of [
    '0.0.0.0',
    '203.0.113.7',
    '::',
    '::1',
    '2001:db8::',
    '1:2:3:4:5:6:7::',
    '::ffff:192.0.2.1',
    'fe80::1%eth-0',
  ])
    assert.ok(looksLikeIp(address), address);
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => assert.ok(looksLikeIp(address), address)));
});

test('what only resembles one is none', () => {
  for (const text of [
    '',
    '03.0.113.7',
    '1.2.3',
    '256.1.1.1',
    'a:b:c',
    '1::2::3',
    '12345::1',
    '1:2:3:4:5:6:7:8:9',
    '::999.1.1.1',
    '1.2.3.4::',
    ':::',
  ])
    assert.ok(!looksLikeIp(text), text);
  const resembling = fc.array(fc.constantFrom('::', ':', '.', '1', 'ff', '0', '255', '01', '999', '%'), {
    maxLength: 16,
  });
  fc.assert(
    fc.property(resembling, (parts) => {
      const text = parts.join('');
      fc.pre(!text.includes('%'));
      assert.equal(looksLikeIp(text), isIP(text) !== 0, text);
    }),
    { numRuns: 2000 },
  );
});
