import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatBytes, formatSpan, lagWords } from './span.ts';

test('Spans and sizes are written in the unit that says the most', () => {
  const spans = [0, 12, 400, 999, 1500, 42_000, 180_000, 7_200_000, 604_800_000];
  assert.deepEqual(spans.map(formatSpan), [
    '0 s',
    '12 ms',
    '400 ms',
    '1.0 s',
    '1.5 s',
    '42 s',
    '3 min',
    '2 h',
    '7 days',
  ]);
  assert.deepEqual([0, 640, 12_345, 999_999, 1_200_000_000].map(formatBytes), [
    '0 B',
    '640 B',
    '12.3 kB',
    '1.0 MB',
    '1.2 GB',
  ]);
});

test('An event from the future is told as a clock that is ahead, and a second of it is not', () => {
  assert.equal(lagWords(2500), '2.5 s behind');
  assert.equal(lagWords(-300), '0 s behind');
  assert.equal(lagWords(-300_000), '5 min ahead of the server’s clock');
});

test('No number makes a line that could break a row', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -1e15, max: 1e15 }), (value) => {
      assert.match(formatSpan(value), /^\d[\d.]* \w+$/);
      assert.match(formatBytes(value), /^\d[\d.]* \w+$/);
    }),
  );
});
