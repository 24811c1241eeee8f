/** Time as it arrives in `needs`, so that tests hand in their own. */
export type Clock = {
  /** Wall clock, milliseconds since 1970. May jump. */
  nowMs(): number;
  /** Milliseconds since an arbitrary start. Never goes back. */
  monotonicMs(): number;
};

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** A clock that moves only when told: `advance` moves both times, `setWall` only the wall clock, as a bad NTP server would. */
export function createManualClock(
  startMs: number,
): Clock & { advance(byMs: number): void; setWall(toMs: number): void } {
  let wallMs = startMs;
  let monotonicMs = 0;
  return {
    nowMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    advance(byMs) {
      wallMs += byMs;
      monotonicMs += byMs;
    },
    setWall(toMs) {
      wallMs = toMs;
    },
  };
}
