import type { Condition } from './condition.ts';
import type { Detection } from './detection.ts';
import type { SigmaFilter } from './filter.ts';
import type { SigmaRule } from './rule.ts';

/**
 * The rule with what the filter selects left out of its matches: its condition AND NOT the filter's. The filter's search
 * identifiers get names that no text of a rule can hold, so neither sees the other's. What comes out is a plain rule: whoever
 * evaluates rules, in whatever way, applies filters to the same effect.
 */
export function foldFilter(rule: SigmaRule, filter: Pick<SigmaFilter, 'id' | 'detections' | 'condition'>): SigmaRule {
  const detections = new Map<string, Detection>(rule.detections);
  const names = new Map<string, string>();
  for (const [name, detection] of filter.detections) {
    // A NUL is in no name of a YAML text.
    let own = `\u0000${filter.id}\u0000${name}`;
    while (detections.has(own)) own += '\u0000';
    names.set(name, own);
    detections.set(own, detection);
  }
  const selected = renamed(filter.condition, names);
  return {
    ...rule,
    detections,
    condition: { kind: 'and', operands: [rule.condition, { kind: 'not', operand: selected }] },
  };
}

function renamed(condition: Condition, names: ReadonlyMap<string, string>): Condition {
  const own = (name: string): string => names.get(name) ?? name;
  switch (condition.kind) {
    case 'identifier':
      return { kind: 'identifier', name: own(condition.name) };
    case 'not':
      return { kind: 'not', operand: renamed(condition.operand, names) };
    case 'and':
    case 'or':
      return { kind: condition.kind, operands: condition.operands.map((operand) => renamed(operand, names)) };
    case 'of':
      return { ...condition, names: condition.names.map(own) };
  }
}

type Dimensions = Pick<SigmaRule['logsource'], 'category' | 'product' | 'service'>;

/** Whether a filter that names the rule may be applied: no dimension is set on both sides and differs, and their fields are of one taxonomy. */
export function contradicts(filter: SigmaFilter, rule: Pick<SigmaRule, 'logsource' | 'taxonomy'>): string | undefined {
  if (filter.taxonomy !== rule.taxonomy) return `taxonomy "${filter.taxonomy}" is not the rule's "${rule.taxonomy}"`;
  const differing = dimensions.find((name) => {
    const [ours, theirs] = [filter.logsource[name], rule.logsource[name]];
    return ours !== undefined && theirs !== undefined && ours !== theirs;
  });
  if (differing === undefined) return undefined;
  return `${differing} "${filter.logsource[differing] ?? ''}" is not the rule's "${rule.logsource[differing] ?? ''}"`;
}

/** Whether the rule is of the log source: every dimension that is set there is the same in the rule. */
export function isOfLogSource(rule: { readonly logsource: Dimensions }, logsource: Dimensions): boolean {
  return dimensions.every((name) => logsource[name] === undefined || logsource[name] === rule.logsource[name]);
}

const dimensions = ['category', 'product', 'service'] as const;
