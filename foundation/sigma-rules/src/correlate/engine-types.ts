import type { CorrelationDefinition } from './definition.ts';
import type { ChainedCount, EventPosition, GroupName, GroupState } from './group-state.ts';
import { defaultClockLimits } from './source-clock.ts';
import type { SourceClockLimits, SourceState } from './source-clock.ts';

/** A match that counts: of a rule, or of a correlation in a chain. */
export type CorrelationMatch = {
  readonly correlationId: string;
  /** What keeps groups apart: any text, best a keyed hash. */
  readonly group: string;
  readonly position: EventPosition;
  /** As `begin` gave it for the event. */
  readonly timeMs: number;
  readonly member: number;
  readonly value: number;
  readonly chained?: readonly ChainedCount[];
};

/** A correlation that came true. */
export type CorrelationFinding = {
  readonly correlationId: string;
  readonly group: string;
  /** The event it came true with; of a window that closed, the newest it rests on. */
  readonly position: EventPosition;
  /** Every event it rests on, in order of time, at most 1,000 of the newest. */
  readonly basis: readonly EventPosition[];
  /** `sliding`: the end of the timespan. `closing`: the beginning of the window. */
  readonly timeMs: number;
  readonly isClosing: boolean;
};

export type CorrelationEvent = {
  readonly source: string;
  /** The time the event claims. */
  readonly claimedMs?: number;
  /** Ledger time: never decreases from event to event. */
  readonly receivedAtMs: number;
};

export type EngineChanges = {
  readonly changed: readonly GroupState[];
  readonly removed: readonly GroupName[];
  readonly sources: { readonly changed: readonly SourceState[]; readonly removed: readonly string[] };
  readonly watermarkMs: number;
  /** Ledger time of the last event. */
  readonly ledgerMs: number;
};

/**
 * Counts matches for correlations. What comes out depends on the events and their order in the ledger alone, not on how they are cut into
 * ranges, nor on saving and restoring in between.
 */
export type CorrelationEngine = {
  /** Which correlations are in force. What was counted for others, or for another definition, is dropped; the rest goes on. */
  use(definitions: ReadonlyMap<string, CorrelationDefinition>): void;
  /**
   * To be called for every event of the feed, matched or not: the time it counts at, and what came true because time went on. `more`: a slice of work was
   * done and `goOn` is to be called, as often as it says so, before anything else.
   */
  begin(event: CorrelationEvent): TimeGoneOn & { readonly timeMs: number };
  goOn(): TimeGoneOn;
  /** Whether some window would be over if the next event came at this ledger time. */
  wouldClose(receivedAtMs: number): boolean;
  /** Counts a match of the event begun last. Correlations that build on others follow those. */
  count(match: CorrelationMatch): readonly CorrelationFinding[];
  /**
   * What changed since the last call. What follows from the watermark alone, as that a window is over, is worked out again by `restore` and need not be saved: groups of which nothing
   * is left are among the removed a lot at a time. `all`: everything, so that what is saved is what is in memory.
   */
  takeChanges(all?: boolean): EngineChanges;
  /**
   * Further groups of which nothing is left, `most` of them. To be removed behind `takeChanges`, once what that gave is saved: only the watermark that is saved with it says that they are over.
   * Whoever seldom saves has to take twice as many as changed, or they become more without end.
   */
  takeOver(most: number): readonly GroupName[];
  /** Forgets what is in memory and takes over what was saved, groups in the order of `touchedMs`. `use` comes after. */
  restore(saved: {
    readonly groups: readonly GroupState[];
    readonly sources: readonly SourceState[];
    readonly watermarkMs: number;
    readonly ledgerMs: number;
  }): void;
  readonly health: () => CorrelationHealth;
};

/** What came true because time went on. */
export type TimeGoneOn = { readonly closed: readonly CorrelationFinding[]; readonly more: boolean };

export type CorrelationHealth = {
  readonly groups: number;
  /** Matches forgotten, or merged with others, before their time, for want of room. */
  readonly lost: number;
  /** Events whose claim about time was not taken: behind the watermark, or in the future. */
  readonly late: number;
  readonly ahead: number;
  readonly watermarkMs: number;
  readonly bytes: number;
};

export type CorrelationLimits = SourceClockLimits & {
  /** Groups kept for all correlations. */
  readonly groups: number;
  /** Matches kept for all correlations, in steps of powers of two for each group. */
  readonly rows: number;
  /** A group with so many, or a quarter of it where only events are counted, is looked through for what it can do without before it gets more room. */
  readonly compactedRows: number;
  /** So many rows are looked at in one go when windows close, a group counting as eight; Infinity: all there are. */
  readonly slice: number;
};

export const defaultCorrelationLimits: CorrelationLimits = {
  ...defaultClockLimits,
  groups: 1_000_000,
  rows: 4_000_000,
  compactedRows: 32,
  slice: Infinity,
};
