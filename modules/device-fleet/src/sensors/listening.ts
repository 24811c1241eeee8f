import type { Clock } from '@sallyport/platform/clock';

/**
 * Time during which this server could have heard a sensor. It stands still while the server does not run, does not take records,
 * is behind with reading them, or did not get to look for long; the wall clock has no say in it.
 */
export type Listening = {
  /** To be called every `everyMs`; `isAble` says whether all of the time since the last call counts. */
  look(isAble: boolean): void;
  /** Something was heard now. */
  heard(id: string): void;
  forget(id: string): void;
  /** Whether so much listening has gone by without hearing it that it should have been heard. */
  isOverdue(id: string): boolean;
};

/** Three heartbeats. */
export const silentAfterMs = 45_000;
/** After this server was away: a sensor tries again only once a minute by then, and says something every 15 seconds. */
const silentAfterReturnMs = 90_000;

export function createListening(clock: Clock, everyMs: number): Listening {
  const heardAt = new Map<string, number>();
  let lookedMs = clock.monotonicMs();
  let listenedMs = 0;
  let returnedAt = 0;
  return {
    look(isAble) {
      const nowMs = clock.monotonicMs();
      const passedMs = nowMs - lookedMs;
      lookedMs = nowMs;
      if (isAble && passedMs <= 2 * everyMs) listenedMs += passedMs;
      else returnedAt = listenedMs;
    },
    // Between two looks time goes on.
    heard: (id) => void heardAt.set(id, listenedMs + Math.min(clock.monotonicMs() - lookedMs, everyMs)),
    forget: (id) => void heardAt.delete(id),
    isOverdue(id) {
      const lastAt = heardAt.get(id);
      if (lastAt !== undefined && lastAt > returnedAt) return listenedMs - lastAt >= silentAfterMs;
      return listenedMs - returnedAt >= silentAfterReturnMs;
    },
  };
}
