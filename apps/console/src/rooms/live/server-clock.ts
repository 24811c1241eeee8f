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
 * An answer tells the offset to within half of its way there and back, and the shortest way tells it best. Until there is
 * one, the message that was quickest counts as one that took no time, so ages are too small by that much, never too large.
 */
export function createServerClock(localNowMs: () => number): ServerClock {
  let ahead: readonly number[] = [];
  let best: { readonly aheadMs: number; readonly wayMs: number } | undefined;
  return {
    arrived(sentMs) {
      ahead = [...ahead, localNowMs() - sentMs].slice(-kept);
    },
    answered(askedMs, answeredMs) {
      const wayMs = localNowMs() - askedMs;
      if (wayMs < 0 || (best !== undefined && best.wayMs < wayMs)) return;
      best = { wayMs, aheadMs: askedMs + wayMs / 2 - answeredMs };
    },
    nowMs() {
      if (best !== undefined) return localNowMs() - best.aheadMs;
      return localNowMs() - (ahead.length === 0 ? 0 : Math.min(...ahead));
    },
  };
}
