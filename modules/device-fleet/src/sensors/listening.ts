import { comparePositions } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';

/**
 * Time during which this server could have heard a sensor. It stands still while the server does not run, does not take records or
 * did not get to look for long; the wall clock has no say in it. Where the feed is behind, what it has come to counts: whoever
 * floods the server puts off that a silence is told, by as long as the feed is behind, and no longer.
 */
export type Listening = {
  /** To be called every `everyMs`; `isTaking` says whether what came since the last call was taken, `head` where the ledger ends. */
  look(now: { readonly isTaking: boolean; readonly head: Position }): void;
  /** Something was heard where the feed is now. */
  heard(id: string): void;
  forget(id: string): void;
  /** Whether so much listening has gone by without hearing it that it should have been heard. */
  isOverdue(id: string): boolean;
};

/** Three heartbeats. */
export const silentAfterMs = 45_000;
/** After this server was away: a sensor tries again only once a minute by then, and says something every 15 seconds. */
const silentAfterReturnMs = 90_000;
/** Half a day of looks that the feed has not come to. */
const maxMarks = 8640;

export function createListening(needs: {
  readonly clock: Clock;
  readonly everyMs: number;
  /** Everything before it was judged. */
  readonly cursor: () => Position;
}): Listening {
  const { clock, everyMs, cursor } = needs;
  const heardAt = new Map<string, number>();
  /** Looks the feed has not come to: where the ledger ended then, and how long had been listened. */
  const marks: { readonly head: Position; readonly atMs: number }[] = [];
  let lookedMs = clock.monotonicMs();
  let listenedMs = 0;
  /** Of that, what the feed has come to. */
  let reachedMs = 0;
  let returnedAt = 0;

  function goOn(): void {
    for (let mark = marks[0]; mark !== undefined && comparePositions(cursor(), mark.head) >= 0; mark = marks[0]) {
      reachedMs = mark.atMs;
      marks.shift();
    }
  }

  return {
    look({ isTaking, head }) {
      const nowMs = clock.monotonicMs();
      const passedMs = nowMs - lookedMs;
      lookedMs = nowMs;
      if (isTaking && passedMs <= 2 * everyMs) listenedMs += passedMs;
      else returnedAt = listenedMs;
      if (marks.length < maxMarks) marks.push({ head, atMs: listenedMs });
      goOn();
    },
    heard(id) {
      goOn();
      // Between two looks time goes on.
      const nowAt = listenedMs + Math.min(clock.monotonicMs() - lookedMs, everyMs);
      heardAt.set(id, marks[0]?.atMs ?? nowAt);
    },
    forget: (id) => void heardAt.delete(id),
    isOverdue(id) {
      const lastAt = heardAt.get(id);
      if (lastAt !== undefined && lastAt > returnedAt) return reachedMs - lastAt >= silentAfterMs;
      return reachedMs - returnedAt >= silentAfterReturnMs;
    },
  };
}
