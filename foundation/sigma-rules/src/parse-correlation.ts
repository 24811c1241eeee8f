import { correlationTypes } from './correlation.ts';
import type { CorrelationType, SigmaCorrelation } from './correlation.ts';
import { RefusedRule } from './refusal.ts';
import { presentEntry, readDescription, textOf, textsOf } from './rule-attributes.ts';
import { entryOf } from './yaml-tree.ts';
import type { YamlMap, YamlTree } from './yaml-tree.ts';

const maxNameLength = 256;
const limits = { rules: 64, groupFields: 16, valueFields: 16, atLeast: 1_000_000_000 } as const;
const unitMs: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);
const knownTypes: ReadonlyMap<string, CorrelationType> = new Map(correlationTypes.map((type) => [type, type]));
const otherTypes: ReadonlySet<string> = new Set(['value_sum', 'value_avg', 'value_percentile', 'value_median']);

/** A correlation document (Sigma correlation rules specification 2.1). Throws `RefusedRule`. */
export function parseCorrelation(rule: YamlMap, file: string): SigmaCorrelation {
  const tree = entryOf(rule, 'correlation');
  if (tree?.kind !== 'map') throw invalid(tree ?? rule, 'The value of "correlation" must be a map');
  const type = typeOf(tree);
  const rules = distinctTexts(tree, 'rules', limits.rules);
  if (rules.length === 0) throw new RefusedRule('missing_attribute', tree.line, 'A correlation must have "rules"');
  const condition = conditionOf(tree, type, rules.length);
  return {
    ...readDescription(rule, file),
    type,
    rules,
    groupBy: distinctTexts(tree, 'group-by', limits.groupFields),
    aliases: aliasesOf(tree),
    timespanMs: timespanOf(tree),
    ...condition,
    // The schema has it beside `correlation`, the text of the specification inside.
    generate: isTrue(rule, 'generate') || isTrue(tree, 'generate'),
    file,
    line: rule.line,
  };
}

function typeOf(tree: YamlMap): CorrelationType {
  const text = textOf(tree, 'type', maxNameLength);
  if (text === undefined) throw new RefusedRule('missing_attribute', tree.line, 'A correlation must have "type"');
  const type = knownTypes.get(text);
  if (type !== undefined) return type;
  const line = entryOf(tree, 'type')?.line ?? tree.line;
  const reason = `Cannot evaluate correlations of type "${text}", must be one of ${correlationTypes.join(', ')}`;
  throw new RefusedRule(otherTypes.has(text) ? 'correlation_unsupported' : 'invalid_correlation', line, reason);
}

function timespanOf(tree: YamlMap): number {
  const text = textOf(tree, 'timespan', maxNameLength);
  if (text === undefined) throw new RefusedRule('missing_attribute', tree.line, 'A correlation must have "timespan"');
  const [, digits = '', unit = ''] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
  const factor = unitMs.get(unit);
  if (factor !== undefined) return Number(digits) * factor;
  throw invalid(
    entryOf(tree, 'timespan') ?? tree,
    `The timespan is "${text}", must be a number and one of s, m, h, d, as in 15m`,
  );
}

function conditionOf(
  tree: YamlMap,
  type: CorrelationType,
  rules: number,
): Pick<SigmaCorrelation, 'atLeast' | 'valueFields'> {
  const isTemporal = type === 'temporal' || type === 'temporal_ordered';
  const condition = presentEntry(tree, 'condition');
  if (condition === undefined) {
    if (isTemporal) return { atLeast: rules, valueFields: [] };
    throw new RefusedRule('missing_attribute', tree.line, `A correlation of type "${type}" must have "condition"`);
  }
  if (type === 'temporal_ordered') {
    throw unsupported(condition, 'Cannot evaluate a condition on "temporal_ordered": all its rules must match');
  }
  if (condition.kind !== 'map') throw unsupported(condition, 'Cannot evaluate a condition that is an expression');
  const valueFields = type === 'value_count' ? distinctTexts(condition, 'field', limits.valueFields) : [];
  if (type === 'value_count' && valueFields.length === 0) throw invalid(condition, 'The condition must have "field"');
  const bounds: number[] = [];
  for (const { key, value, line } of condition.entries) {
    if (key === 'field' && type === 'value_count') continue;
    if (key !== 'gt' && key !== 'gte') {
      const isKnown = ['lt', 'lte', 'eq', 'neq'].includes(key);
      const reason = `Cannot evaluate "${key}" in a condition: only "gt" and "gte" come true by an event`;
      throw new RefusedRule(isKnown ? 'correlation_unsupported' : 'invalid_correlation', line, reason);
    }
    const number = value.kind === 'scalar' ? value.value : undefined;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > limits.atLeast) {
      throw new RefusedRule('invalid_correlation', line, `The value of "${key}" must be a whole number from 0 on`);
    }
    bounds.push(key === 'gt' ? number + 1 : number);
  }
  if (bounds.length === 0) throw invalid(condition, 'The condition must have "gt" or "gte"');
  const atLeast = Math.max(1, ...bounds);
  if (isTemporal && atLeast > rules) {
    throw invalid(condition, `The condition asks for ${atLeast} different rules, there are ${rules}`);
  }
  return { atLeast, valueFields };
}

function aliasesOf(tree: YamlMap): SigmaCorrelation['aliases'] {
  const aliases = presentEntry(tree, 'aliases');
  if (aliases === undefined) return new Map();
  if (aliases.kind !== 'map') throw invalid(aliases, 'The value of "aliases" must be a map');
  return new Map(
    aliases.entries.map(({ key, value }) => {
      if (value.kind !== 'map') throw invalid(value, `The alias "${key}" must be a map of rules to fields`);
      return [key, new Map(value.entries.map((entry) => [entry.key, fieldOf(value, entry.key)]))];
    }),
  );
}

function fieldOf(map: YamlMap, key: string): string {
  const field = textOf(map, key, maxNameLength);
  if (field === undefined) throw invalid(map, `The field for rule "${key}" must be given`);
  return field;
}

function distinctTexts(map: YamlMap, key: string, atMost: number): string[] {
  const texts = textsOf(map, key);
  const place = entryOf(map, key) ?? map;
  if (new Set(texts).size !== texts.length) throw invalid(place, `The list "${key}" must not name anything twice`);
  if (texts.length > atMost)
    throw invalid(place, `The list "${key}" has ${texts.length} entries, must have at most ${atMost}`);
  if (texts.some((text) => text === '' || text.length > maxNameLength)) {
    throw invalid(place, `Each of "${key}" must have 1 to ${maxNameLength} characters`);
  }
  return texts;
}

function isTrue(map: YamlMap, key: string): boolean {
  const tree = presentEntry(map, key);
  if (tree === undefined) return false;
  if (tree.kind === 'scalar' && typeof tree.value === 'boolean') return tree.value;
  throw invalid(tree, `The value of "${key}" must be true or false`);
}

function invalid(place: YamlTree, reason: string): RefusedRule {
  return new RefusedRule('invalid_correlation', place.line, reason);
}

function unsupported(place: YamlTree, reason: string): RefusedRule {
  return new RefusedRule('correlation_unsupported', place.line, reason);
}
