import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isNumberIn } from './numbers.ts';

test('isNumberIn() finds a number however its thousands are parted', () => {
  for (const [text, value] of [
    ['pay 1,780 back', '1780'],
    ['1.780,50 euros', '1780.5'],
    ["1'780.50 francs", '1780.50'],
    ['12 500 in all', '12500'],
    ['20 euros.', '20'],
    ['€20', '20'],
  ] as const)
    assert.ok(isNumberIn(text, value), `${value} in ${text}`);
});

test('isNumberIn() takes no part of another number or name for one', () => {
  for (const [text, value] of [
    ['pay 1,780 back', '780'],
    ['pay 1,780 back', '1'],
    ['lease L-3318', '318'],
    ['on 2025.04.03', '2025'],
    ['version 1.20.3', '20'],
    ['a20', '20'],
    ['20', '-20'],
    ['20', '2e1'],
    ['20', ''],
  ] as const)
    assert.ok(!isNumberIn(text, value), `${value} in ${text}`);
});

test('isNumberIn() takes any text, and finds what was written with commas', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.nat(99_999_999), (before, after, number) => {
      isNumberIn(before, after);
      return isNumberIn(
        `${before.replaceAll(/[\p{L}\d.,'’]/gu, '')} is ${number.toLocaleString('en')} .`,
        String(number),
      );
    }),
  );
});
