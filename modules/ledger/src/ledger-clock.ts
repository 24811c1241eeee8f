import type { Clock } from '@sallyport/platform/clock';

/** A wall clock that moved against the monotonic clock by more than the tolerance. */
export type ClockJump = { readonly byMs: number; readonly ledgerTimeMs: number; readonly wallTimeMs: number };

export type LedgerClock = {
  /** Ledger time: whole seconds in milliseconds, never less than any time given before. */
  nowMs(): number;
  /** The jump the clock is holding against, or undefined when wall time is followed. */
  held(): ClockJump | undefined;
  /** An operator vouches for the wall clock as it is now. Time still never goes back. */
  accept(): void;
};

/** Drift up to this is followed silently; more needs an operator or a witness. */
export const jumpToleranceMs = 60_000;

/**
 * Follows the wall clock while it moves with the monotonic clock. After a jump of over a minute it goes on with the
 * monotonic clock alone, so that neither a wrong NTP answer nor a changed system time moves receive days, keys or
 * retention; it follows again as soon as the wall clock is back within the tolerance.
 * At start there is nothing to compare with but `lastMs`, the newest time in the log: a wall clock behind it is held,
 * one ahead of it is believed, since a machine may have been off.
 */
export function createLedgerClock(clock: Clock, lastMs: number, onJump: (jump: ClockJump) => void): LedgerClock {
  const startedBehind = clock.nowMs() < lastMs - jumpToleranceMs;
  let baseMs = startedBehind ? lastMs : Math.max(lastMs, clock.nowMs());
  let baseMonotonicMs = clock.monotonicMs();
  let newestMs = roundDown(lastMs);
  let held: ClockJump | undefined;

  return {
    nowMs() {
      const wallTimeMs = clock.nowMs();
      const expectedMs = baseMs + (clock.monotonicMs() - baseMonotonicMs);
      const byMs = wallTimeMs - expectedMs;
      if (Math.abs(byMs) <= jumpToleranceMs) {
        held = undefined;
        newestMs = Math.max(newestMs, roundDown(wallTimeMs));
        baseMs = wallTimeMs;
        baseMonotonicMs = clock.monotonicMs();
        return newestMs;
      }
      newestMs = Math.max(newestMs, roundDown(expectedMs));
      if (held === undefined) {
        held = { byMs: Math.round(byMs), ledgerTimeMs: newestMs, wallTimeMs };
        onJump(held);
      }
      return newestMs;
    },
    held: () => held,
    accept() {
      baseMs = Math.max(clock.nowMs(), newestMs);
      baseMonotonicMs = clock.monotonicMs();
      held = undefined;
    },
  };
}

function roundDown(timeMs: number): number {
  return Math.floor(timeMs / 1000) * 1000;
}
