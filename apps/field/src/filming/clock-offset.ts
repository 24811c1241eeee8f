const kept = 8;

/**
 * How far the server's clock is ahead of this one, from exchanges of the time (RFC 5905 section 8, with one stamp at the
 * server): the quickest exchange of the last ones tells it best, to within half its round trip.
 */
export type ClockOffset = {
  /** `t0` sent and `t2` received by this clock, `t1` by the server's; milliseconds. An answer from before its question is ignored. */
  measured(t0: number, t1: number, t2: number): void;
  /** Milliseconds to add to this clock. */
  offsetMs(): number;
};

/** `knownMs`: as measured before, for the time until it is measured again. */
export function createClockOffset(knownMs: number): ClockOffset {
  let exchanges: readonly { readonly tripMs: number; readonly offsetMs: number }[] = [];
  return {
    measured(t0, t1, t2) {
      if (t2 < t0 || !Number.isFinite(t1)) return;
      exchanges = [...exchanges, { tripMs: t2 - t0, offsetMs: t1 - (t0 + t2) / 2 }].slice(-kept);
    },
    offsetMs() {
      const best = exchanges.toSorted((left, right) => left.tripMs - right.tripMs)[0];
      return Math.round(best?.offsetMs ?? knownMs);
    },
  };
}
