import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createManualClock } from '@sallyport/platform/clock';
import { createLedgerClock, jumpToleranceMs } from './ledger-clock.ts';
import { testStartMs } from './ledger-testing.ts';

test('ledger time is whole seconds and never decreases, whatever the wall clock does', () => {
  const step = fc.record({
    wallByMs: fc.integer({ min: -200_000, max: 200_000 }),
    byMs: fc.nat(5000),
    accept: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const clock = createManualClock(testStartMs);
      const ledgerClock = createLedgerClock(clock, testStartMs, () => undefined);
      let before = 0;
      for (const { wallByMs, byMs, accept } of steps) {
        clock.advance(byMs);
        clock.setWall(clock.nowMs() + wallByMs);
        if (accept) ledgerClock.accept();
        const now = ledgerClock.nowMs();
        assert.equal(now % 1000, 0);
        assert.ok(now >= before);
        before = now;
      }
    }),
  );
});

test('time runs on with the monotonic clock while a jump is held, and says so once', () => {
  const clock = createManualClock(testStartMs);
  const jumps: number[] = [];
  const ledgerClock = createLedgerClock(clock, 0, (jump) => jumps.push(jump.byMs));
  clock.setWall(testStartMs + jumpToleranceMs + 1000);
  clock.advance(10_000);
  assert.equal(ledgerClock.nowMs(), testStartMs + 10_000);
  clock.advance(10_000);
  assert.equal(ledgerClock.nowMs(), testStartMs + 20_000);
  assert.deepEqual(jumps, [jumpToleranceMs + 1000]);
  assert.ok(ledgerClock.held());
});

test('a start with a wall clock behind the log holds the log’s time', () => {
  const clock = createManualClock(testStartMs - 86_400_000);
  const ledgerClock = createLedgerClock(clock, testStartMs, () => undefined);
  clock.advance(3000);
  assert.equal(ledgerClock.nowMs(), testStartMs + 3000);
});
