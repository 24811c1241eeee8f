import type { SigmaRule } from './rule.ts';

export const correlationTypes = ['event_count', 'value_count', 'temporal', 'temporal_ordered'] as const;
export type CorrelationType = (typeof correlationTypes)[number];

/**
 * A correlation rule of Sigma 2.1, checked. Its condition is a lower bound (`gt` and `gte`), which can only come true when an
 * event arrives; what would come true by waiting (`lt`, `lte`, `neq`), or for one moment only (`eq`), is refused.
 */
export type SigmaCorrelation = Omit<SigmaRule, 'logsource' | 'detections' | 'condition'> & {
  readonly type: CorrelationType;
  /** Ids or names of the rules it refers to, in order. */
  readonly rules: readonly string[];
  /** Fields, or aliases, whose values keep events apart; none: all events are in one group. */
  readonly groupBy: readonly string[];
  /** Alias → rule (as in `rules`) → field. */
  readonly aliases: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly timespanMs: number;
  /** The least number that makes it match: of events, of distinct values, or of different rules. */
  readonly atLeast: number;
  /** What `value_count` counts the distinct values of; several fields count together. */
  readonly valueFields: readonly string[];
  /** Whether the rules it refers to give findings of their own as well. */
  readonly generate: boolean;
};

/** A correlation with what it refers to looked up. */
export type ResolvedCorrelation = {
  readonly correlation: SigmaCorrelation;
  /** In the order of `correlation.rules`: the id of each rule, and its fields for grouping and counting, aliases replaced. */
  readonly members: readonly {
    readonly ruleId: string;
    readonly groupFields: readonly string[];
    readonly valueFields: readonly string[];
  }[];
};
