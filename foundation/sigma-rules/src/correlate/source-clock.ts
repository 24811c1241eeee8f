/** Where time stands in the feed: which claims about time are taken, and before which nothing more is expected. */
export type SourceClock = {
  /** Moves ledger time on. True when the watermark may have moved. */
  advance(receivedAtMs: number): boolean;
  /** The time an event counts at. To be called after `advance` with its ledger time. */
  timeOf(source: string, claimedMs: number | undefined): number;
  /** Nothing counts at an earlier time any more. Never decreases. */
  watermarkMs(): number;
  /** What the watermark would be if ledger time moved on to this. */
  watermarkAt(receivedAtMs: number): number;
  /** Events whose claim was not taken: it lay before the watermark or in the future. They count at ledger time. */
  late(): number;
  ahead(): number;
  takeChanges(): {
    readonly changed: readonly SourceState[];
    readonly removed: readonly string[];
    readonly watermarkMs: number;
    readonly ledgerMs: number;
  };
  restore(sources: readonly SourceState[], saved: { readonly watermarkMs: number; readonly ledgerMs: number }): void;
};

export type SourceState = { readonly source: string; readonly newestMs: number; readonly seenMs: number };

export type SourceClockLimits = {
  /** How far behind ledger time a claim may lie. */
  readonly latenessMs: number;
  /** How far the events of one source, or two prompt sources, may be out of order. */
  readonly disorderMs: number;
  /** Ledger time is rounded down to the second, and clocks differ. */
  readonly skewMs: number;
  readonly sources: number;
};

export const defaultClockLimits: SourceClockLimits = {
  latenessMs: 600_000,
  disorderMs: 60_000,
  skewMs: 2_000,
  sources: 4_096,
};

/**
 * A watermark for each source: its newest time less the disorder allowed. That of all is the least of the sources heard of lately, and never further
 * behind ledger time than the lateness allowed: a source that is silent, or claims old times on purpose, holds nobody up for longer, and one that claims
 * the future moves nothing at all.
 */
export function createSourceClock(limits: SourceClockLimits = defaultClockLimits): SourceClock {
  const sources = new Map<string, { newestMs: number; seenMs: number }>();
  let changed = new Set<string>();
  let ledgerMs = -Infinity;
  let watermarkMs = -Infinity;
  let late = 0;
  let ahead = 0;

  function watermarkAt(atMs: number): number {
    let leastMs = Infinity;
    for (const { newestMs, seenMs } of sources.values()) {
      if (seenMs >= atMs - limits.latenessMs && newestMs < leastMs) leastMs = newestMs;
    }
    const promptMs = leastMs === Infinity ? -Infinity : leastMs - limits.disorderMs;
    return Math.max(watermarkMs, atMs - limits.latenessMs, promptMs);
  }

  function moveWatermark(): void {
    for (const [source, { seenMs }] of sources) {
      if (seenMs >= ledgerMs - limits.latenessMs) continue;
      sources.delete(source);
      changed.add(source);
    }
    watermarkMs = watermarkAt(ledgerMs);
  }

  return {
    advance(receivedAtMs) {
      if (receivedAtMs <= ledgerMs) return false;
      ledgerMs = receivedAtMs;
      moveWatermark();
      return true;
    },
    timeOf(source, claimedMs) {
      let timeMs = ledgerMs;
      if (claimedMs !== undefined) {
        if (claimedMs < watermarkMs) late += 1;
        else if (claimedMs > ledgerMs + limits.skewMs) ahead += 1;
        else timeMs = claimedMs;
      }
      const known = sources.get(source);
      if (known === undefined) {
        if (sources.size >= limits.sources) return timeMs;
        sources.set(source, { newestMs: timeMs, seenMs: ledgerMs });
        changed.add(source);
      } else if (timeMs > known.newestMs || ledgerMs > known.seenMs) {
        known.newestMs = Math.max(known.newestMs, timeMs);
        known.seenMs = ledgerMs;
        changed.add(source);
      }
      return timeMs;
    },
    watermarkMs: () => watermarkMs,
    watermarkAt: (receivedAtMs) => (receivedAtMs > ledgerMs ? watermarkAt(receivedAtMs) : watermarkMs),
    late: () => late,
    ahead: () => ahead,
    takeChanges() {
      const taken = [...changed];
      changed = new Set();
      return {
        changed: taken.flatMap((source) => {
          const state = sources.get(source);
          return state === undefined ? [] : [{ source, ...state }];
        }),
        removed: taken.filter((source) => !sources.has(source)),
        watermarkMs,
        ledgerMs,
      };
    },
    restore(savedSources, saved) {
      sources.clear();
      changed = new Set();
      ledgerMs = saved.ledgerMs;
      watermarkMs = saved.watermarkMs;
      for (const { source, newestMs, seenMs } of savedSources) sources.set(source, { newestMs, seenMs });
    },
  };
}
