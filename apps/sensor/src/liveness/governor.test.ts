import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { createGovernor } from './governor.ts';

test('over a quarter of a core it slows down by and by, and takes up again once it is quiet', () => {
  const clock = createManualClock(0);
  let used = 0;
  const governor = createGovernor({ clock, usedMs: () => used });
  const pass = (percent: number): number => {
    clock.advance(9000);
    used += 90 * percent;
    governor.look();
    return governor.factor();
  };
  assert.deepEqual([26, 90, 90, 90, 90].map(pass), [2, 4, 8, 16, 16]);
  assert.equal(pass(20), 16);
  assert.deepEqual([5, 5, 5, 5, 5].map(pass), [8, 4, 2, 1, 1]);
  assert.equal(governor.percent(), 5);
});

test('a burst within a window changes nothing before the window is over', () => {
  const clock = createManualClock(0);
  let used = 0;
  const governor = createGovernor({ clock, usedMs: () => used });
  clock.advance(5000);
  used = 5000;
  governor.look();
  assert.equal(governor.factor(), 1);
});
