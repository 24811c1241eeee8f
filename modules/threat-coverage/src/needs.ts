import type { Clock } from '@sallyport/platform/clock';
import type { EventLogSource, SigmaLevel, SigmaStatus } from '@sallyport/sigma-rules';
import type { Framework } from './framework.ts';

/** Where a rule looks. A dimension it leaves out may be anything. */
export type AskedSource = {
  readonly product?: string | undefined;
  readonly category?: string | undefined;
  readonly service?: string | undefined;
};

/** A rule in force: staged and retired ones are not given. */
export type CoverageRule = {
  readonly id: string;
  readonly title: string;
  readonly level: SigmaLevel;
  readonly status?: SigmaStatus | undefined;
  readonly tags: readonly string[];
  readonly file: string;
  /** False: its matches only count for correlations; alone it tells nobody anything. */
  readonly generates: boolean;
  /** Not of correlations. */
  readonly logSource?: AskedSource | undefined;
  /** Of correlations: the rules they rest on. */
  readonly correlation?: { readonly ruleIds: readonly string[] } | undefined;
};

/** What came from one source; `days`: day number since 1970 (UTC) → events, the last 30. */
export type Arrival = {
  readonly source: EventLogSource;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly days: ReadonlyMap<number, number>;
};

/** How often a rule found something. */
export type RuleFires = { readonly day: number; readonly month: number };

export type ThreatCoverageNeeds = {
  readonly frameworks: readonly Framework[];
  readonly rules: () => readonly CoverageRule[];
  readonly arrivals: () => { readonly sources: readonly Arrival[]; readonly evicted: number };
  /** By rule id; rules that found nothing may be left out. */
  readonly fires: () => Promise<ReadonlyMap<string, RuleFires>>;
  readonly clock: Clock;
};
