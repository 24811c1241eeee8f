import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTokenBucket } from './token-bucket.ts';

test('a bucket gives its burst, then what comes in, and never more than its burst', () => {
  const bucket = createTokenBucket({ perSecond: 2, burst: 3 }, 0);
  assert.equal(bucket.take(0, 4), false);
  assert.equal(bucket.take(0, 3), true);
  assert.equal(bucket.take(0, 1), false);
  assert.equal(bucket.take(1000, 2), true);
  assert.equal(bucket.take(1_000_000, 4), false);
  assert.equal(bucket.take(1_000_000, 3), true);
});

test('what was spent beyond the bucket has to be waited for, and waiting as long as told is enough', () => {
  const bucket = createTokenBucket({ perSecond: 10, burst: 10 }, 0);
  bucket.spend(0, 110);
  const waitMs = bucket.waitMs(0, 1);
  assert.equal(waitMs, 10_100);
  assert.ok(bucket.waitMs(waitMs - 1, 1) > 0);
  assert.equal(bucket.waitMs(waitMs, 1), 0);
});

test('time that goes backwards gives nothing, and another rate forgives no debt', () => {
  const bucket = createTokenBucket({ perSecond: 1, burst: 5 }, 10_000);
  bucket.spend(10_000, 15);
  bucket.setRate(0, { perSecond: 100, burst: 100 });
  assert.equal(bucket.waitMs(0, 1), 110);
});

test('whoever asks first and spends what they like gets the rate on average and one lot more', () => {
  const lots = fc.array(fc.record({ pauseMs: fc.nat(5000), lot: fc.integer({ min: 1, max: 500 }) }), {
    maxLength: 100,
  });
  fc.assert(
    fc.property(lots, (steps) => {
      const bucket = createTokenBucket({ perSecond: 20, burst: 50 }, 0);
      let nowMs = 0;
      let given = 0;
      for (const { pauseMs, lot } of steps) {
        nowMs += pauseMs;
        if (bucket.waitMs(nowMs, 1) > 0) continue;
        bucket.spend(nowMs, lot);
        given += lot;
      }
      assert.ok(given <= 50 + (nowMs / 1000) * 20 + 500, `${given} in ${nowMs} ms`);
    }),
  );
});

test('it says when nothing is owed any more, and when it is full again', () => {
  const bucket = createTokenBucket({ perSecond: 10, burst: 20 }, 0);
  assert.equal(bucket.isFull(0), true);
  bucket.spend(0, 50);
  assert.equal(bucket.waitMs(0, 0), 3000);
  assert.deepEqual([bucket.waitMs(3000, 0), bucket.waitMs(3000, 20)], [0, 2000]);
  assert.deepEqual([bucket.isFull(4999), bucket.isFull(5000)], [false, true]);
});
