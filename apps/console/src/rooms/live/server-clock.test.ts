import assert from 'node:assert/strict';
import { test } from 'node:test';
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

test('An answer counts more than messages, and the quickest answer most', () => {
  let nowMs = 0;
  const clock = createServerClock(() => nowMs);
  clock.arrived(-500);
  nowMs = 100;
  clock.answered(0, 5050);
  assert.equal(clock.nowMs(), 5100);
  // A slow one, late on its way back, changes nothing.
  nowMs = 2000;
  clock.answered(1000, 6010);
  assert.equal(clock.nowMs(), 7000);
});
