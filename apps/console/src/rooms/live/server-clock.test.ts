import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createServerClock } from './server-clock.ts';

test('Without an answer, the quickest message tells the offset of the clocks', () => {
  let nowMs = 10_000;
  const clock = createServerClock(() => nowMs);
  assert.equal(clock.nowMs(), 10_000);
  // Ours is an hour ahead; messages take 80, then 20, then 300 ms.
  for (const wayMs of [80, 20, 300]) {
    nowMs += 1000;
    clock.arrived(nowMs - 3_600_000 - wayMs);
  }
  assert.equal(clock.nowMs(), nowMs - 3_600_000 - 20);
});

test('An answer that was slow on its way back is set right by quick messages', () => {
  let nowMs = 800;
  const clock = createServerClock(() => nowMs);
  // Asked at 0, there after 10 ms, back after 800: the middle alone would be wrong by 390 ms.
  clock.answered(0, 5010);
  nowMs = 1000;
  clock.arrived(5990);
  assert.ok(Math.abs(clock.nowMs() - 6000) <= 10);
});

test('Whatever the ways, the clock is wrong by no more than half of the quickest way there and back', () => {
  const ways = fc.array(fc.tuple(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 2000 })), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(ways, fc.integer({ min: -1_000_000, max: 1_000_000 }), (trips, aheadMs) => {
      let nowMs = 0;
      const clock = createServerClock(() => nowMs);
      for (const [there, back] of trips) {
        const askedMs = nowMs;
        nowMs += there + back;
        clock.answered(askedMs, askedMs + there - aheadMs);
      }
      const quickest = Math.min(...trips.map(([there, back]) => there + back));
      assert.ok(Math.abs(clock.nowMs() - (nowMs - aheadMs)) <= quickest / 2);
    }),
  );
});
