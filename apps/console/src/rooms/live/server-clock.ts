/** The server's clock as this browser can tell it. */
export type ServerClock = {
  /** A message that says when it was sent, by the server's clock, arrived now. */
  readonly arrived: (sentMs: number) => void;
  /** An answer to a question of ours: asked at `askedMs` by our clock, answered at `answeredMs` by the server's. */
  readonly answered: (askedMs: number, answeredMs: number) => void;
  readonly nowMs: () => number;
};

const kept = 40;

/**
 * Nothing arrives before it was sent: every message says how far ahead our clock is at most, every answer also how far at
 * least. The truth is in between; the middle is taken. Before there is an answer the quickest message counts as one that took
 * no time, so ages are too small by that much, never too large.
 */
export function createServerClock(localNowMs: () => number): ServerClock {
  let atMost: readonly number[] = [];
  let atLeast: readonly number[] = [];
  const arrived = (sentMs: number): void => {
    atMost = [...atMost, localNowMs() - sentMs].slice(-kept);
  };
  return {
    arrived,
    answered(askedMs, answeredMs) {
      arrived(answeredMs);
      atLeast = [...atLeast, askedMs - answeredMs].slice(-kept);
    },
    nowMs() {
      if (atMost.length === 0) return localNowMs();
      const most = Math.min(...atMost);
      // One of the clocks was set meanwhile: what is newer counts.
      const least = Math.min(most, Math.max(...atLeast));
      return localNowMs() - (atLeast.length === 0 ? most : (most + least) / 2);
    },
  };
}
