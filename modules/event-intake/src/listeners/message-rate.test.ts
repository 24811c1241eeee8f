import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import fc from 'fast-check';
import { createMessageRate } from './message-rate.ts';

test('a sender may send ten seconds’ worth at once, then as fast as was settled, and its debt is waited for', () => {
  const clock = createManualClock(0);
  const rate = createMessageRate({ clock, perSecond: 10 });
  assert.equal(rate.take('a', 100), 0);
  assert.equal(rate.tryTake('a'), false);
  assert.equal(rate.take('a', 20), 2000);
  assert.equal(rate.take('b', 1), 0, 'another sender is another bucket');
  clock.advance(2000);
  assert.equal(rate.take('a', 0), 0);
  clock.advance(100);
  assert.deepEqual([rate.tryTake('a'), rate.tryTake('a')], [true, false]);
  clock.advance(3_600_000);
  assert.equal(rate.take('a', 100), 0);
  assert.equal(rate.take('a', 1), 100, 'an hour of silence is worth ten seconds, not more');
});

test('whatever comes when, no sender gets more than its burst and its rate', () => {
  const step = fc.record({ afterMs: fc.nat(5000), messages: fc.nat(300) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.array(step, { maxLength: 60 }), (perSecond, steps) => {
      const clock = createManualClock(0);
      const rate = createMessageRate({ clock, perSecond });
      let granted = 0;
      for (const { afterMs, messages } of steps) {
        clock.advance(afterMs);
        for (let index = 0; index < messages; index += 1) if (rate.tryTake('a')) granted += 1;
      }
      assert.ok(granted <= perSecond * 10 + (perSecond * clock.monotonicMs()) / 1000 + 1e-6);
    }),
  );
});

test('forged addresses by the thousand share one bucket and take none from who was there before', () => {
  const clock = createManualClock(0);
  const rate = createMessageRate({ clock, perSecond: 1, maxSenders: 100 });
  assert.equal(rate.tryTake('web-1'), true);
  let granted = 0;
  for (let index = 0; index < 10_000; index += 1) if (rate.tryTake(`forged-${index}`)) granted += 1;
  assert.equal(granted, 99 + 10);
  assert.equal(rate.tryTake('web-1'), true);
  // What is full again makes room.
  clock.advance(60_000);
  assert.equal(rate.tryTake('mail-1'), true);
  assert.deepEqual(
    Array.from({ length: 9 }, () => rate.tryTake('mail-1')),
    Array.from({ length: 9 }, () => true),
  );
});
