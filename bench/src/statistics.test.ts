import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { latencies, percentile, rounded, slope, summarise } from './statistics.ts';

const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { minLength: 1 });

test('summarise() gives the middle value, or the mean of the two middle ones, and the ends', () => {
  assert.deepEqual(summarise([5, 1, 3]), { median: 3, min: 1, max: 5, rounds: 3 });
  assert.deepEqual(summarise([10, 1, 2, 3]), { median: 2.5, min: 1, max: 10, rounds: 4 });
});

test('summarise() does not depend on the order, and its median lies between the ends', () => {
  fc.assert(
    fc.property(values, (some) => {
      const summary = summarise(some);
      assert.deepEqual(summarise(some.toReversed()), summary);
      assert.ok(summary.min <= summary.median && summary.median <= summary.max);
    }),
  );
});

test('nothing measured, or something that is no number, has no figure', () => {
  assert.throws(() => summarise([]), RangeError);
  assert.throws(() => latencies([]), RangeError);
  assert.throws(() => summarise([1, Number.NaN]), RangeError);
  assert.throws(() => summarise([Number.POSITIVE_INFINITY]), RangeError);
  assert.throws(() => percentile([1], 101), RangeError);
});

test('percentile() is the nearest rank: the smallest value that enough of the values do not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, order) => order + 1);
  assert.equal(percentile(hundred, 50), 50);
  assert.equal(percentile(hundred, 99), 99);
  assert.equal(percentile(hundred, 100), 100);
  assert.equal(percentile([7], 99), 7);
  fc.assert(
    fc.property(values, fc.integer({ min: 0, max: 100 }), (some, percent) => {
      const value = percentile(some, percent);
      const notAbove = some.filter((other) => other <= value).length;
      assert.ok(some.includes(value));
      assert.ok(notAbove >= (percent / 100) * some.length);
    }),
  );
});

test('latencies() is not disturbed by the order in which answers came', () => {
  assert.deepEqual(latencies([30, 10, 20]), { count: 3, p50: 20, p90: 30, p99: 30, max: 30 });
});

test('slope() tells a backlog that grows from one that swings', () => {
  const line = [0, 1, 2, 3].map((x) => ({ x, y: 100 + 50 * x }));
  assert.ok(Math.abs(slope(line) - 50) < 1e-9);
  assert.equal(slope([0, 1, 2, 3, 4].map((x) => ({ x, y: x % 2 === 0 ? 0 : 100 }))), 0);
  assert.equal(slope([]), 0);
  assert.equal(slope([{ x: 1, y: 5 }]), 0);
});

test('rounded() keeps three significant digits and small whole numbers', () => {
  assert.equal(rounded(123_456), 123_000);
  assert.equal(rounded(0.012345), 0.0123);
  assert.equal(rounded(42), 42);
});
