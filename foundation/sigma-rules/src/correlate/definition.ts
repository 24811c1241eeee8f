import type { CorrelationCondition, CorrelationType, ResolvedCorrelation } from '../correlation.ts';

/** When a correlation matches, as plain data. */
export type CorrelationDefinition = {
  readonly type: CorrelationType;
  /** Ids of the rules, or correlations, whose matches it counts, in its order. */
  readonly ruleIds: readonly string[];
  readonly groupBy: readonly string[];
  readonly timespanMs: number;
  readonly condition: CorrelationCondition;
  readonly percentile: number | undefined;
  /**
   * `sliding`: looked at with each match, over the timespan that ends with a match. `closing`: what can stop being true, or says nothing
   * before all is in, is looked at once, when the window that the first match opened is over.
   */
  readonly evaluation: 'sliding' | 'closing';
  /** How much later than its time a match may come because correlations below wait for their windows. */
  readonly delayMs: number;
  /** Stands for everything that decides when it matches: what was counted for one definition says nothing about another. */
  readonly fingerprint: string;
};

/** The definitions of correlations that stand behind those they build on. `hash` makes a short text of a long one. */
export function defineCorrelations(
  resolved: readonly ResolvedCorrelation[],
  hash: (text: string) => string,
): ReadonlyMap<string, CorrelationDefinition> {
  const definitions = new Map<string, CorrelationDefinition>();
  for (const { correlation, members } of resolved) {
    const { id, type, timespanMs, condition, percentile, groupBy } = correlation;
    const below = members.flatMap(({ ruleId, isCorrelation }) =>
      isCorrelation ? (definitions.get(ruleId) ?? []) : [],
    );
    const delays = below.map((one) => one.delayMs + (one.evaluation === 'closing' ? one.timespanMs : 0));
    definitions.set(id, {
      type,
      ruleIds: members.map(({ ruleId }) => ruleId),
      groupBy,
      timespanMs,
      condition,
      percentile,
      evaluation: evaluationOf(type, condition),
      delayMs: Math.max(0, ...delays),
      fingerprint: hash(
        JSON.stringify([type, members, timespanMs, condition, percentile, below.map(({ fingerprint }) => fingerprint)]),
      ),
    });
  }
  return definitions;
}

const cumulative: ReadonlySet<CorrelationType> = new Set([
  'event_count',
  'value_count',
  'value_sum',
  'temporal',
  'temporal_ordered',
]);

function evaluationOf(type: CorrelationType, condition: CorrelationCondition): CorrelationDefinition['evaluation'] {
  const onlyGrows =
    condition.kind === 'rules'
      ? condition.branches.every(({ none }) => none.length === 0)
      : condition.bounds.every(({ operator }) => operator === 'gt' || operator === 'gte');
  return cumulative.has(type) && onlyGrows ? 'sliding' : 'closing';
}

/** The least whole number that satisfies lower bounds, at least 1. */
export function leastCount(condition: CorrelationCondition): number {
  if (condition.kind === 'rules') return 1;
  return Math.max(1, ...condition.bounds.map(({ operator, number }) => (operator === 'gt' ? number + 1 : number)));
}
