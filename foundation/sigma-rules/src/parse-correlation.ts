import { correlationTypes } from './correlation.ts';
import type { CorrelationType, SigmaCorrelation } from './correlation.ts';
import { parseCorrelationCondition } from './parse-correlation-condition.ts';
import { RefusedRule } from './refusal.ts';
import { presentEntry, readDescription, textOf, textsOf } from './rule-attributes.ts';
import { entryOf } from './yaml-tree.ts';
import type { YamlMap, YamlTree } from './yaml-tree.ts';

const maxNameLength = 256;
const limits = { rules: 64, groupFields: 16 } as const;
const unitMs: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);
const knownTypes: ReadonlyMap<string, CorrelationType> = new Map(correlationTypes.map((type) => [type, type]));
/** Names announced for 2.2: the temporal types with an expression as their condition, which these have under their own names too. */
const extendedTypes: ReadonlyMap<string, CorrelationType> = new Map([
  ['temporal_extended', 'temporal'],
  ['temporal_ordered_extended', 'temporal_ordered'],
]);

/** A correlation document (Sigma correlation rules specification 2.1). Throws `RefusedRule`. */
export function parseCorrelation(rule: YamlMap, file: string): SigmaCorrelation {
  const tree = entryOf(rule, 'correlation');
  if (tree?.kind !== 'map') throw invalid(tree ?? rule, 'The value of "correlation" must be a map');
  const written = typeOf(tree);
  const extended = extendedTypes.get(written);
  const type = extended ?? knownTypes.get(written);
  if (type === undefined) {
    const known = [...correlationTypes, ...extendedTypes.keys()].join(', ');
    throw invalid(entryOf(tree, 'type') ?? tree, `The type of a correlation is "${written}", must be one of ${known}`);
  }
  const rules = distinctTexts(tree, 'rules', limits.rules);
  const condition = parseCorrelationCondition(tree, type, { rules, needsExpression: extended !== undefined });
  return {
    ...readDescription(rule, file),
    type,
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

function typeOf(tree: YamlMap): string {
  const text = textOf(tree, 'type', maxNameLength);
  if (text === undefined) throw new RefusedRule('missing_attribute', tree.line, 'A correlation must have "type"');
  return text;
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
