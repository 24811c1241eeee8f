import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock, systemClock } from '@sallyport/platform/clock';
import { createBootClock } from './boot-clock.ts';

test('monotonic time goes on over a sleep, and does not follow a wall clock that was set', () => {
  const system = createManualClock(1_000_000);
  let upMs = 50_000;
  const clock = createBootClock(system, () => upMs);
  const pass = (ms: number): void => {
    system.advance(ms);
    upMs += ms;
  };
  const startMs = clock.monotonicMs();
  pass(5000);
  assert.equal(clock.monotonicMs() - startMs, 5000);
  // Asleep for an hour: the machine's own monotonic time stands still.
  system.setWall(system.nowMs() + 3_600_000);
  upMs += 3_600_000;
  assert.equal(clock.monotonicMs() - startMs, 3_605_000);
  system.setWall(system.nowMs() + 86_400_000);
  pass(1000);
  assert.equal(clock.monotonicMs() - startMs, 3_606_000);
  system.setWall(0);
  pass(1000);
  assert.equal(clock.monotonicMs() - startMs, 3_607_000);
});

test('monotonic time never goes back, and is the system’s where the uptime is unknown', () => {
  const system = createManualClock(1_000_000);
  const clock = createBootClock(system, () => undefined);
  system.setWall(9_000_000);
  system.advance(10);
  assert.equal(clock.monotonicMs(), 10);
  const real = createBootClock(systemClock);
  const before = real.monotonicMs();
  assert.ok(real.monotonicMs() >= before);
});
