import { parseCondition } from './condition.ts';
import type { Condition } from './condition.ts';
import type { Detection } from './detection.ts';
import { parseDetection } from './parse-detection.ts';
import type { DetectionContext } from './parse-detection.ts';
import { RefusedRule } from './refusal.ts';
import { entryOf } from './yaml-tree.ts';
import type { YamlMap } from './yaml-tree.ts';

/** The search identifiers of a rule's `detection` or a filter's `filter`: every key but `others`. */
export function parseDetections(
  search: YamlMap,
  context: DetectionContext,
  others: ReadonlySet<string>,
): ReadonlyMap<string, Detection> {
  const detections = new Map<string, Detection>();
  for (const { key, value, line } of search.entries) {
    if (others.has(key)) continue;
    if (key === 'timeframe')
      throw new RefusedRule('legacy_construct', line, '"timeframe" left Sigma with version 2: use a correlation');
    detections.set(key, parseDetection(value, context));
  }
  if (detections.size === 0)
    throw new RefusedRule('invalid_detection', search.line, 'There must be at least one search identifier');
  return detections;
}

/** What stands under `condition`. Several conditions are linked with OR. */
export function parseConditions(search: YamlMap, identifiers: readonly string[]): Condition {
  const tree = entryOf(search, 'condition');
  if (tree === undefined) throw new RefusedRule('missing_attribute', search.line, 'There must be a "condition"');
  const conditions = (tree.kind === 'list' ? tree.items : [tree]).map((item) => {
    if (item.kind !== 'scalar' || typeof item.value !== 'string') {
      throw new RefusedRule('condition_syntax', item.line, '"condition" must be a string or a list of strings');
    }
    const condition = parseCondition(item.value, identifiers);
    if ('fault' in condition) {
      throw new RefusedRule(
        condition.code,
        item.line,
        `Cannot read the condition "${item.value.slice(0, 200)}": ${condition.fault}`,
      );
    }
    return condition;
  });
  const [first] = conditions;
  if (first === undefined) throw new RefusedRule('condition_syntax', tree.line, '"condition" must not be empty');
  return conditions.length === 1 ? first : { kind: 'or', operands: conditions };
}
