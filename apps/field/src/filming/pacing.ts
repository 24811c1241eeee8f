/** How many pictures may be under way without the server having said that it took them. */
export const inFlightLimit = 2;
const fastest = 10;
const slowest = 0.1;

/**
 * When the next picture is due and whether it may go. The server says how many a second it wants, and takes them one by
 * one: a slow line therefore carries fewer pictures, never older ones.
 */
export type Pacing = {
  /** What the server asked for, within 0.1 and 10 a second. */
  pace(perSecond: number): void;
  intervalMs(): number;
  hasRoom(): boolean;
  sent(sequence: number, nowMs: number): void;
  /** Round trip in milliseconds; undefined for a number nobody waits for. One that is taken takes all before it. */
  taken(sequence: number, nowMs: number): number | undefined;
  /** Since when the oldest waits; undefined when none does. */
  waitingSinceMs(): number | undefined;
  /** A new connection begins with nothing under way. */
  reset(): void;
};

export function createPacing(): Pacing {
  let perSecond = fastest;
  const underWay = new Map<number, number>();
  return {
    pace(wanted) {
      if (Number.isFinite(wanted)) perSecond = Math.min(fastest, Math.max(slowest, wanted));
    },
    intervalMs: () => 1000 / perSecond,
    hasRoom: () => underWay.size < inFlightLimit,
    sent(sequence, nowMs) {
      underWay.set(sequence, nowMs);
    },
    taken(sequence, nowMs) {
      const sentMs = underWay.get(sequence);
      if (sentMs === undefined) return undefined;
      for (const earlier of underWay.keys()) if (earlier <= sequence) underWay.delete(earlier);
      return Math.max(0, nowMs - sentMs);
    },
    waitingSinceMs: () => underWay.values().next().value,
    reset: () => underWay.clear(),
  };
}
