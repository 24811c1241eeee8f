import type { Position } from '@sallyport/contracts';
import type { Projection } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import type { ErasedRange } from './erased-matches.ts';
import type { RuleSet, RuleSource, RuleSummary } from './match-protocol.ts';
import type { LogSourceArrival } from './log-source-arrivals.ts';
import type { RuleCostReport } from './rule-costs.ts';
import type { RuleMatcher } from './rule-matcher.ts';
import type { DetectionNeeds } from './needs.ts';

/** Counts are since the process started; a range applied again after a failure counts again. */
export type DetectionHealth = {
  readonly rulesLoaded: number;
  readonly rulesRefused: number;
  readonly ruleSetHash: string;
  /** Why there are no rules in force; scanning waits. */
  readonly loadError?: string;
  readonly eventsScanned: number;
  readonly matches: number;
  /** Matches, and correlations that came true, that exceptions hid. */
  readonly hidden: number;
  /** Why not all exceptions are applied: what they would hide is told. */
  readonly exceptionsError?: string;
  /** Why what was counted last could not be saved; it is counted again. */
  readonly saveError?: string;
  /** Events not scanned, or not in full, each told by a finding of its own. */
  readonly skipped: number;
  /** Events whose key was destroyed before they were scanned. */
  readonly erased: number;
  readonly threadRestarts: number;
  /** Groups of correlations that are being counted. */
  readonly correlationGroups: number;
  /** Matches a correlation forgot before their time, for want of room. */
  readonly correlationMatchesLost: number;
  /** Events whose claim about time was not believed: too late, or in the future. For correlations they count when they were received. */
  readonly timeClaimsLate: number;
  readonly timeClaimsAhead: number;
  /** Matches of noisy rules that got no finding of their own. */
  readonly findingsHeldBack: number;
  /** Findings of everything before it are in the ledger. */
  readonly cursor: Position;
  /** Entries between cursor and head, block entries included; undefined when they stand in different logs. */
  readonly lag: number | undefined;
};

export type Detection = {
  /** Findings of everything before its cursor are in the ledger, each exactly once. */
  readonly projection: Projection;
  ruleSet(): RuleSet;
  /** Throws `DetectionError` `rule_unknown`. */
  rule(id: string): RuleSummary;
  /**
   * Puts what the directories and further sources hold now into force, without a gap: the old rules match until the new ones are loaded.
   * Leaves an audit event, durable before this resolves. Throws `rules_unloadable`; the old rules then stay in force.
   */
  reload(actor: Principal): Promise<RuleSet>;
  /** The rule files as they are now. */
  sources(): Promise<readonly RuleSource[]>;
  /** A matcher beside the one in force, for these files, with a thread of its own: evaluates as scanning does, records nothing. Close it. */
  openMatcher(
    sources: readonly RuleSource[],
    limits?: Pick<NonNullable<DetectionNeeds['limits']>, 'eventTimeLimitMs' | 'loadTimeLimitMs'>,
  ): Promise<Pick<RuleMatcher, 'rules' | 'match' | 'except' | 'close'>>;
  /** Where events came from so far, and how many sources were forgotten for want of room. */
  logSources(): { readonly sources: readonly LogSourceArrival[]; readonly evicted: number };
  /** What rules cost since then, by days: an estimate from every 61st event, see `RuleCosts`. */
  ruleCosts(sinceMs: number): Promise<RuleCostReport>;
  /** Takes matches of events that were erased out of what correlations count; says how many. */
  forget(ranges: readonly ErasedRange[]): Promise<number>;
  health(): DetectionHealth;
  /** Gives up the range being applied (it is repeated after the next start) and ends the thread. Call it before stopping the runner. */
  close(): Promise<void>;
};
