import type { SigmaRule } from './rule.ts';

export const correlationTypes = [
  'event_count',
  'value_count',
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
  'temporal',
  'temporal_ordered',
] as const;
export type CorrelationType = (typeof correlationTypes)[number];

/** One comparison of a condition; several hold together, so that two are a range. */
export type CorrelationBound = {
  readonly operator: 'gt' | 'gte' | 'lt' | 'lte' | 'eq' | 'neq';
  readonly number: number;
};

/** Rules, by their place in `rules`, that must all match, and rules none of which may. */
export type CorrelationBranch = { readonly all: readonly number[]; readonly none: readonly number[] };

export type CorrelationCondition =
  /** Comparisons of the number the type works out; every one must hold. */
  | { readonly kind: 'number'; readonly bounds: readonly CorrelationBound[] }
  /** An expression over rules (announced for 2.2), as alternatives of which one must hold; `text` as it was written. */
  | { readonly kind: 'rules'; readonly branches: readonly CorrelationBranch[]; readonly text: string };

/** A correlation rule of Sigma 2.1, checked. */
export type SigmaCorrelation = Omit<SigmaRule, 'logsource' | 'detections' | 'condition'> & {
  readonly type: CorrelationType;
  /** Ids or names of the rules it refers to, in order. */
  readonly rules: readonly string[];
  /** Fields, or aliases, whose values keep events apart; none: all events are in one group. */
  readonly groupBy: readonly string[];
  /** Alias → rule (as in `rules`) → field. */
  readonly aliases: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly timespanMs: number;
  readonly condition: CorrelationCondition;
  /** `value_percentile` with `percentile`: which one. Without: the condition is on the share of each value, in per cent. */
  readonly percentile: number | undefined;
  /** What values are taken of: of `value_count` and shares several fields together, of numbers one. */
  readonly valueFields: readonly string[];
  /** Whether the rules it refers to give findings of their own as well. */
  readonly generate: boolean;
};

/** Names a field may have in an event: the first that is there counts. */
export type FieldNames = readonly string[];

export type CorrelationMember = {
  /** Id of a rule or, in a chain, of a correlation. */
  readonly ruleId: string;
  readonly isCorrelation: boolean;
  readonly groupFields: readonly FieldNames[];
  readonly valueFields: readonly FieldNames[];
};

/** A correlation with what it refers to looked up, aliases and field mappings replaced. */
export type ResolvedCorrelation = {
  readonly correlation: SigmaCorrelation;
  /** In the order of `correlation.rules`. */
  readonly members: readonly CorrelationMember[];
};
