import { compileSearch } from './compile-rule.ts';
import type { Condition } from './condition.ts';
import type { Detection } from './detection.ts';
import type { SigmaEvent } from './event-view.ts';
import { sigmaEventOf } from './event-view.ts';
import type { SigmaFieldMapping } from './field-mapping.ts';
import { mapFields } from './field-mapping.ts';
import { createTestBudget } from './parse-detection.ts';
import { holdsForNothing } from './parse-filter.ts';
import { parseConditions, parseDetections } from './parse-search.ts';
import { asRefusal } from './parse-rules.ts';
import { RefusedRule } from './refusal.ts';
import type { SigmaRefusal } from './refusal.ts';
import type { SigmaRule } from './rule.ts';
import { fieldsOf } from './rule-set.ts';
import { readYamlDocuments } from './yaml-tree.ts';

/** What an exception selects: search identifiers and a condition, as under `filter` of a Sigma filter, without `rules`. Plain data. */
export type SigmaExceptionCondition = {
  readonly detections: ReadonlyMap<string, Detection>;
  readonly condition: Condition;
};

export type ParsedExceptionCondition =
  | { readonly kind: 'condition'; readonly condition: SigmaExceptionCondition }
  | { readonly kind: 'refused'; readonly refusal: Pick<SigmaRefusal, 'line' | 'code' | 'reason'> };

/** Bounds on one exception: it is evaluated beside hundreds of others, on every match of its rules. */
export const exceptionConditionLimits = { maxLength: 65_536, maxTests: 5_000 } as const;

const yamlLimits = { maxNodes: 20_000, maxDepth: 32 } as const;
const notSearched: ReadonlySet<string> = new Set(['condition']);

/**
 * The text of an exception's condition. What would select everything it says nothing of (`not a and not b`) is refused, as in filters; no text
 * makes this throw.
 */
export function parseExceptionCondition(text: string): ParsedExceptionCondition {
  const { maxLength, maxTests } = exceptionConditionLimits;
  try {
    if (text.length > maxLength) {
      const reason = `A condition has ${text.length} characters, must have at most ${maxLength}`;
      throw new RefusedRule('text_too_large', 1, reason);
    }
    const [document, second] = readYamlDocuments(text.replace(/^\uFEFF/, ''), yamlLimits);
    if (document === undefined) throw new RefusedRule('not_a_rule', 1, 'A condition must be a map');
    if (second !== undefined) throw new RefusedRule('not_a_rule', second.line, 'A condition must be one document');
    const tree = document.read();
    if (tree.kind !== 'map') throw new RefusedRule('not_a_rule', tree.line, 'A condition must be a map');
    const budget = createTestBudget(maxTests);
    const detections = parseDetections(tree, { placeholders: {}, budget }, notSearched);
    const condition = parseConditions(tree, [...detections.keys()]);
    if (holdsForNothing(condition)) {
      throw new RefusedRule(
        'ambiguous_filter',
        tree.line,
        'With "not" alone it would select everything else. Select what is to be left out',
      );
    }
    return { kind: 'condition', condition: { detections, condition } };
  } catch (error) {
    const { line, code, message } = asRefusal(error, 1);
    return { kind: 'refused', refusal: { line, code, reason: message } };
  }
}

/**
 * Whether the condition holds for an event that the rule matches: evaluated as a filter of this rule would be, its fields under the names the
 * mappings give them.
 */
export function compileExceptionCondition(
  { detections, condition }: SigmaExceptionCondition,
  rule: SigmaRule,
  mappings: readonly SigmaFieldMapping[],
): (event: SigmaEvent) => boolean {
  return compileSearch(mapFields({ ...rule, detections, condition }, fieldsOf(rule, mappings)));
}

/** The same for what a correlation says of a group: each value under the name the correlation groups by. */
export function compileGroupCondition(
  condition: SigmaExceptionCondition,
): (fields: Readonly<Record<string, string | number>>) => boolean {
  const holds = compileSearch(condition);
  return (fields) => holds(sigmaEventOf(fields));
}

/**
 * Whether anything the condition compares with would hold of this text: patterns, wildcards, expressions, `exists` and `neq` included. Fields do not
 * matter, nor how the condition puts its parts together: who is to be looked for behind a wildcard is found.
 */
export function mayMeanText({ detections }: SigmaExceptionCondition, text: string): boolean {
  const looks = (detection: Detection): boolean => {
    if (detection.kind !== 'item') return detection.of.some(looks);
    const alone = new Map<string, Detection>([['item', detection]]);
    const holds = compileSearch({ detections: alone, condition: { kind: 'identifier', name: 'item' } });
    return holds(sigmaEventOf({ [detection.item.field ?? 'text']: text }));
  };
  return [...detections.values()].some(looks);
}

/** The texts a condition compares whole values with, as they are written: wildcards and patterns are none. */
export function exactTextsOf({ detections }: SigmaExceptionCondition): string[] {
  const texts = new Set<string>();
  const look = (detection: Detection): void => {
    if (detection.kind !== 'item') return detection.of.forEach(look);
    for (const test of detection.item.values.flat()) {
      const [token, ...others] = test.kind === 'pattern' ? test.tokens : [];
      if (token?.kind === 'text' && others.length === 0) texts.add(token.text);
    }
    return undefined;
  };
  for (const detection of detections.values()) look(detection);
  return [...texts];
}
