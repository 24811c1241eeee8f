import { LedgerError } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';

/** Keeps what is recorded and what is looked at together: nobody blinds detection by sending more than it can read. */
export type Backlog = {
  /** Throws `overloaded` while detection is too far behind and `holder` sends much. Nothing of the request is read then. */
  admit(holder: string): void;
  took(holder: string, bytes: number): void;
};

export type BacklogLimits = {
  /** Events recorded and not looked at yet, over which who sends much is told to come again; four times as many stop everybody. */
  readonly maxBehind: number;
  /** Who sent less within the last minutes is let in all the same: sensors and quiet sources are heard beside a flood. */
  readonly quietBytesPerMinute: number;
};

const windowMs = 60_000;
const retryAfterSeconds = 5;

/** `behind`: events that detection has yet to look at; undefined when that is not known, or it does not work them off at all. */
export function createBacklog(needs: {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly behind: () => number | undefined;
  readonly limits: BacklogLimits;
}): Backlog {
  const { clock, limits } = needs;
  let since = clock.monotonicMs();
  let current = new Map<string, number>();
  let previous: ReadonlyMap<string, number> = new Map();

  function turn(): void {
    const passedMs = clock.monotonicMs() - since;
    if (passedMs < windowMs) return;
    previous = passedMs < 2 * windowMs ? current : new Map();
    current = new Map();
    since = clock.monotonicMs();
  }

  return {
    admit(holder) {
      const behind = needs.behind() ?? 0;
      if (behind <= limits.maxBehind) return;
      turn();
      const sent = (current.get(holder) ?? 0) + (previous.get(holder) ?? 0);
      if (sent <= limits.quietBytesPerMinute && behind <= 4 * limits.maxBehind) return;
      throw new LedgerError(
        'overloaded',
        `Cannot take in more events of this key now: detection is ${behind} events behind, must be at most ${limits.maxBehind}`,
        { details: { retryAfterSeconds } },
      );
    },
    took(holder, bytes) {
      turn();
      current.set(holder, (current.get(holder) ?? 0) + bytes);
    },
  };
}
