import type { Condition } from './condition.ts';
import type { SigmaFilter } from './filter.ts';
import { parseConditions, parseDetections } from './parse-search.ts';
import type { DetectionContext } from './parse-detection.ts';
import { RefusedRule } from './refusal.ts';
import { readAttributes } from './rule-attributes.ts';
import type { SigmaLogSource } from './rule.ts';
import { entryOf } from './yaml-tree.ts';
import type { YamlMap } from './yaml-tree.ts';

const maxRules = 10_000;
const notSearched: ReadonlySet<string> = new Set(['rules', 'condition']);

/** A filter document (Sigma filters specification 2.1). Throws `RefusedRule`. */
export function parseFilter(document: YamlMap, file: string, context: DetectionContext): SigmaFilter {
  const tree = entryOf(document, 'filter');
  if (tree?.kind !== 'map') {
    throw new RefusedRule('invalid_filter', tree?.line ?? document.line, 'The value of "filter" must be a map');
  }
  const { id, title, description, taxonomy, logsource } = readAttributes(document, file);
  const rules = rulesOf(tree, logsource);
  const detections = parseDetections(tree, context, notSearched);
  const condition = parseConditions(tree, [...detections.keys()]);
  if (holdsForNothing(condition)) {
    throw new RefusedRule(
      'ambiguous_filter',
      entryOf(tree, 'condition')?.line ?? tree.line,
      'What a filter selects is left out of the matches: with "not" alone it would leave out everything else. Select what is to be left out',
    );
  }
  return { id, title, description, taxonomy, logsource, rules, detections, condition, file, line: document.line };
}

function rulesOf(tree: YamlMap, logsource: SigmaLogSource): SigmaFilter['rules'] {
  const rules = entryOf(tree, 'rules');
  if (rules === undefined) throw new RefusedRule('missing_attribute', tree.line, 'A filter must have "rules"');
  const isWord = rules.kind === 'scalar' && typeof rules.value === 'string' && /^any$/i.test(rules.value);
  if (isWord) {
    const { category, product, service } = logsource;
    if (category !== undefined || product !== undefined || service !== undefined) return 'any';
    throw new RefusedRule('invalid_filter', rules.line, 'A filter of any rule must say of which log source');
  }
  const items = rules.kind === 'list' ? rules.items : [rules];
  if (items.length === 0 || items.length > maxRules) {
    throw new RefusedRule('invalid_filter', rules.line, `A filter must name 1 to ${maxRules} rules, or "any"`);
  }
  return items.map((item) => {
    if (item.kind !== 'scalar' || typeof item.value !== 'string' || item.value === '') {
      throw new RefusedRule('invalid_filter', item.line, 'Each of "rules" must be the id or the name of a rule');
    }
    return { name: item.value, line: item.line };
  });
}

/** Whether the condition holds where none of its search identifiers does, as `not a and not b`. */
export function holdsForNothing(condition: Condition): boolean {
  switch (condition.kind) {
    case 'identifier':
      return false;
    case 'not':
      return !holdsForNothing(condition.operand);
    case 'and':
      return condition.operands.every(holdsForNothing);
    case 'or':
      return condition.operands.some(holdsForNothing);
    case 'of':
      return condition.count <= 0;
  }
}
