import type { Position } from '@sallyport/contracts';
import type { FilterQuery, RowExtent } from '@sallyport/event-search';

/** Which rules: some of those in force, all of them, or one that was typed in. */
export type HuntRules =
  | { readonly kind: 'named'; readonly ids: readonly string[] }
  | { readonly kind: 'all' }
  | { readonly kind: 'typed'; readonly text: string };

/** Of which events: a query and a time range, as in a search. */
export type HuntFilter = Pick<FilterQuery, 'q' | 'from' | 'to' | 'time'>;

/** `waiting`: its turn, the store or live detection comes first; it goes on by itself, also after a restart. */
export type HuntState = 'waiting' | 'running' | 'done' | 'cancelled' | 'failed';

export type HuntRule = {
  readonly id: string;
  readonly title: string;
  readonly level: string;
  /** It came true with groups of events, which are kept instead of single ones. Known when all was looked at. */
  readonly isCorrelation: boolean;
  /** Exact, of what was looked at so far. */
  readonly matches: number;
  /** Of how many the place is kept: the first ones. */
  readonly kept: number;
  readonly firstMs: number | undefined;
  readonly lastMs: number | undefined;
};

/** What somebody held for a time when they started it, and the session they held it with: it lasts no longer. */
export type HeldForNow = {
  readonly sessionId: string;
  readonly browserKey?: string;
  readonly grantIds: readonly string[];
};

export type Hunt = {
  readonly id: string;
  readonly owner: string;
  readonly ownerName: string;
  readonly heldForNow?: HeldForNow;
  /** Whether records this server wrote about itself are looked at: they were its starter's to see. */
  readonly seesAudit: boolean;
  readonly state: HuntState;
  readonly createdMs: number;
  readonly endedMs: number | undefined;
  readonly filter: HuntFilter;
  readonly rulesKind: HuntRules['kind'];
  /** Rules that were asked for and are not hunted, and why. */
  readonly left: readonly string[];
  /** What stood in the store when it was started; nothing later is looked at. */
  readonly ranges: readonly RowExtent[];
  /** Next to be looked at: everything before is done. */
  readonly at: { readonly range: number; readonly index: number };
  readonly lookedAt: number;
  readonly bytes: number;
  /** Events that were given to the rules, the others having nothing that any of them needs. */
  readonly candidates: number;
  /** Of those, how many could not be read to their end. */
  readonly unscannable: number;
  /** Time spent looking, waiting left out. */
  readonly busyMs: number;
  /** Events that correlations did not count, there being too many of them. */
  readonly uncounted: number;
  /** Why it failed or waits. */
  readonly reason: string | undefined;
};

export type HuntMatch = { readonly ruleId: string; readonly position: Position; readonly receivedMs: number };

export const huntLimits = {
  /** Of one caller, not ended. */
  perCaller: 3,
  unended: 20,
  /** Ended ones; the oldest go. */
  ended: 200,
  rules: 5000,
  matchesKeptPerRule: 1000,
  matchesKept: 20_000,
  sourceBytes: 32 * 1024 * 1024,
  /** Events that correlations of one hunt count. */
  countedEvents: 100_000,
  groupsKeptPerRule: 200,
  groupsKept: 2_000,
  eventsPerGroup: 100,
} as const;

export function isOver(state: HuntState): boolean {
  return state === 'done' || state === 'cancelled' || state === 'failed';
}

export function totalOf(hunt: Pick<Hunt, 'ranges'>): { rows: number; bytes: number } {
  return hunt.ranges.reduce((sum, { rows, bytes }) => ({ rows: sum.rows + rows, bytes: sum.bytes + bytes }), {
    rows: 0,
    bytes: 0,
  });
}
