import { createFullScan, createIndexedMatcher } from '@sallyport/sigma-rules';
import type { JsonObject, RuleMatch, SigmaRule } from '@sallyport/sigma-rules';

/** The indexed matcher, the full scan by which it is measured, or both with their answers held against each other. */
export type EvaluatorName = 'indexed' | 'full-scan' | 'both';

/** What two evaluators said of one event, where they differ. */
export type Difference = {
  /** Rules, by id, that only one of them gave, or that both gave with other fields. */
  readonly onlyIndexed: readonly string[];
  readonly onlyFullScan: readonly string[];
  readonly otherFields: readonly string[];
};

export type RuleEvaluator = {
  match(record: JsonObject): readonly RuleMatch[];
  /** What the last `match` came to in two ways; undefined where there is one way, or both agreed. */
  difference(): Difference | undefined;
};

export function createRuleEvaluator(name: EvaluatorName, rules: readonly SigmaRule[]): RuleEvaluator {
  if (name === 'indexed') return { match: createIndexedMatcher(rules).match, difference: () => undefined };
  const fullScan = createFullScan(rules);
  if (name === 'full-scan') return { match: (record) => fullScan.match(record), difference: () => undefined };
  const indexed = createIndexedMatcher(rules);
  let difference: Difference | undefined;
  return {
    match(record) {
      const found = indexed.match(record);
      const wanted = fullScan.match(record);
      difference = differenceOf(found, wanted);
      return wanted;
    },
    difference: () => difference,
  };
}

/** Undefined where both say the same in the same order. */
export function differenceOf(found: readonly RuleMatch[], wanted: readonly RuleMatch[]): Difference | undefined {
  const byRule = (matches: readonly RuleMatch[]): Map<string, string> =>
    new Map(matches.map(({ rule, matched }) => [rule.id, JSON.stringify(matched)]));
  const left = byRule(found);
  const right = byRule(wanted);
  const onlyIndexed = [...left.keys()].filter((id) => !right.has(id));
  const onlyFullScan = [...right.keys()].filter((id) => !left.has(id));
  const otherFields = [...left].filter(([id, fields]) => right.has(id) && right.get(id) !== fields).map(([id]) => id);
  const isSame = JSON.stringify(found.map(idAndFields)) === JSON.stringify(wanted.map(idAndFields));
  return isSame ? undefined : { onlyIndexed, onlyFullScan, otherFields };
}

function idAndFields({ rule, matched }: RuleMatch): unknown {
  return [rule.id, matched];
}
