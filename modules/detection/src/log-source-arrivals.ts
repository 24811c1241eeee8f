import type { EventLogSource } from '@sallyport/sigma-rules';
import { isFromLogSource } from '@sallyport/sigma-rules';
import { logSourceNamed } from './log-source-name.ts';
import type { RuleSummary } from './match-protocol.ts';

/** What came from one source. Times are those of the ledger; `days` are the last 30 with events, day number since 1970 (UTC) → events. */
export type LogSourceArrival = {
  /** See `nameOfLogSource`. */
  readonly name: string;
  readonly source: EventLogSource;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly days: ReadonlyMap<number, number>;
};

export type SavedArrivals = {
  readonly arrivals: readonly Omit<LogSourceArrival, 'source'>[];
  /** Sources that were forgotten for want of room. */
  readonly evicted: number;
};

/** Rows to write and to remove, with the cursor. */
export type ArrivalChanges = SavedArrivals & { readonly removed: readonly string[] };

export type LogSourceArrivals = {
  /** Forgets what is in memory and takes over what was saved. */
  restore(saved: SavedArrivals): void;
  /** The rules in force: what they ask for by name is kept when there is no room. */
  use(rules: ReadonlyMap<string, RuleSummary>): void;
  /** Events come in the order of the ledger. Without a name nothing is counted. */
  count(name: string, receivedAtMs: number): void;
  takeChanges(): ArrivalChanges;
  list(): readonly LogSourceArrival[];
  evicted(): number;
};

/** `asked` is far above the sources that all of SigmaHQ asks for (138). */
export const arrivalLimits = { unasked: 500, asked: 2000, days: 30 } as const;
const dayMs = 86_400_000;

type Row = {
  readonly name: string;
  readonly source: EventLogSource;
  readonly firstSeenMs: number;
  lastSeenMs: number;
  readonly days: Map<number, number>;
  isAsked: boolean;
};

/**
 * Where events come from, and when: what a technique's rules need to see anything. Bounded whatever senders claim: of sources no
 * rule asks for 500 are kept, the one seen longest ago goes first and is counted. Depends on the events and what was saved
 * alone, so that a range applied again counts once.
 */
export function createLogSourceArrivals(): LogSourceArrivals {
  const rows = new Map<string, Row>();
  let changed = new Set<string>();
  let removed = new Set<string>();
  let evicted = 0;
  let used: ReadonlyMap<string, RuleSummary> | undefined;
  let askedFor: readonly NonNullable<RuleSummary['logSource']>[] = [];

  // A product alone asks for whatever its senders call their logs.
  const isAsked = (source: EventLogSource): boolean => askedFor.some((asked) => isFromLogSource(asked, source));

  function makeRoom(newcomer: Row): void {
    const limit = newcomer.isAsked ? arrivalLimits.asked : arrivalLimits.unasked;
    let count = 0;
    let oldest: Row | undefined;
    for (const row of rows.values()) {
      if (row.isAsked !== newcomer.isAsked) continue;
      count += 1;
      if (oldest === undefined || row.lastSeenMs < oldest.lastSeenMs) oldest = row;
    }
    if (count < limit || oldest === undefined) return;
    rows.delete(oldest.name);
    changed.delete(oldest.name);
    removed.add(oldest.name);
    evicted += 1;
  }

  return {
    restore(saved) {
      rows.clear();
      changed = new Set();
      removed = new Set();
      evicted = saved.evicted;
      for (const { name, firstSeenMs, lastSeenMs, days } of saved.arrivals) {
        const source = logSourceNamed(name);
        rows.set(name, { name, source, firstSeenMs, lastSeenMs, days: new Map(days), isAsked: isAsked(source) });
      }
    },
    use(rules) {
      if (rules === used) return;
      used = rules;
      const wanted = new Map<string, NonNullable<RuleSummary['logSource']>>();
      for (const { logSource } of rules.values()) {
        if (logSource?.category === undefined && logSource?.service === undefined) continue;
        wanted.set([logSource.product, logSource.category, logSource.service].join('|'), logSource);
      }
      askedFor = [...wanted.values()];
      for (const row of rows.values()) row.isAsked = isAsked(row.source);
    },
    count(name, receivedAtMs) {
      if (name === '') return;
      let row = rows.get(name);
      if (row === undefined) {
        const source = logSourceNamed(name);
        const seen = { firstSeenMs: receivedAtMs, lastSeenMs: receivedAtMs };
        row = { name, source, ...seen, days: new Map(), isAsked: isAsked(source) };
        makeRoom(row);
        rows.set(name, row);
        removed.delete(name);
      }
      const day = Math.floor(receivedAtMs / dayMs);
      row.lastSeenMs = Math.max(row.lastSeenMs, receivedAtMs);
      row.days.set(day, (row.days.get(day) ?? 0) + 1);
      if (row.days.size > arrivalLimits.days) row.days.delete(Math.min(...row.days.keys()));
      changed.add(name);
    },
    takeChanges() {
      const taken = {
        arrivals: [...changed].flatMap((name) => rows.get(name) ?? []),
        removed: [...removed],
        evicted,
      };
      changed = new Set();
      removed = new Set();
      return taken;
    },
    list: () => [...rows.values()],
    evicted: () => evicted,
  };
}
