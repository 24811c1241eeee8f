import type { Clock } from '@sallyport/platform/clock';
import type { ArchivedLedger } from './needs.ts';

const lookEveryMs = 1000;
/** An archive that waited for ever would never be done. */
const longestWaitMs = 30_000;
/** Entries a second from which on disk and line are left to intake. */
const busyEntriesPerSecond = 2000;

/** Lets a part of an upload go at once, or after a while when much is being recorded. */
export function createIntakeTurns(needs: {
  readonly ledger: Pick<ArchivedLedger, 'head'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
}): { turn(signal: AbortSignal): Promise<void>; isPaused(): boolean } {
  const { ledger, clock } = needs;
  let seen = { ...ledger.head(), atMs: clock.monotonicMs() };
  let isBusy = false;
  let paused = false;
  const look = (): boolean => {
    const atMs = clock.monotonicMs();
    if (atMs - seen.atMs < lookEveryMs) return isBusy;
    const head = ledger.head();
    const entries = head.log === seen.log ? head.index - seen.index : 0;
    isBusy = (entries * 1000) / (atMs - seen.atMs) > busyEntriesPerSecond;
    seen = { ...head, atMs };
    return isBusy;
  };
  return {
    async turn(signal) {
      const sinceMs = clock.monotonicMs();
      while (look() && clock.monotonicMs() - sinceMs < longestWaitMs && !signal.aborted) {
        paused = true;
        await needs.delay(lookEveryMs, signal);
      }
      paused = false;
      signal.throwIfAborted();
    },
    isPaused: () => paused,
  };
}
