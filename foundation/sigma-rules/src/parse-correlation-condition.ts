import { parseCondition } from './condition.ts';
import type { CorrelationBound, CorrelationCondition, CorrelationType, SigmaCorrelation } from './correlation.ts';
import { branchesOf } from './correlation-branches.ts';
import { RefusedRule } from './refusal.ts';
import { presentEntry, textsOf } from './rule-attributes.ts';
import type { YamlEntry, YamlMap, YamlTree } from './yaml-tree.ts';

const maxCount = 1_000_000_000;
const maxValueFields = 16;
const operators: ReadonlyMap<string, CorrelationBound['operator']> = new Map([
  ['gt', 'gt'],
  ['gte', 'gte'],
  ['lt', 'lt'],
  ['lte', 'lte'],
  ['eq', 'eq'],
  ['neq', 'neq'],
]);

export type ParsedCorrelationCondition = Pick<SigmaCorrelation, 'condition' | 'valueFields' | 'percentile' | 'rules'>;

/**
 * What stands under `condition` (Sigma correlation rules specification 2.1; expressions over rules as announced for 2.2). `rules` may be empty
 * where an expression names them. Throws `RefusedRule`.
 */
export function parseCorrelationCondition(
  tree: YamlMap,
  type: CorrelationType,
  input: { readonly rules: readonly string[]; readonly needsExpression: boolean },
): ParsedCorrelationCondition {
  const { rules } = input;
  const isTemporal = type === 'temporal' || type === 'temporal_ordered';
  const condition = presentEntry(tree, 'condition');
  const plain = { valueFields: [], percentile: undefined, rules };
  if (input.needsExpression && condition?.kind !== 'scalar') {
    throw invalid(condition ?? tree, 'An extended type must have an expression over rules as its condition');
  }
  if (condition === undefined) {
    if (!isTemporal || rules.length === 0) {
      const missing = isTemporal ? 'rules' : 'condition';
      throw new RefusedRule('missing_attribute', tree.line, `A correlation of type "${type}" must have "${missing}"`);
    }
    return { ...plain, condition: allOf(rules.length) };
  }
  if (condition.kind === 'scalar') {
    if (!isTemporal)
      throw invalid(condition, `An expression over rules is a condition of temporal types, not of "${type}"`);
    return { ...plain, ...expressionOf(condition.value, condition.line, rules) };
  }
  if (condition.kind !== 'map') throw invalid(condition, 'The condition must be a map, or an expression over rules');
  if (rules.length === 0) throw new RefusedRule('missing_attribute', tree.line, 'A correlation must have "rules"');
  const bounds = boundsOf(condition, type);
  if (!isTemporal) return { ...fieldsOf(condition, type), rules, condition: { kind: 'number', bounds } };
  refuseUnreachable(condition, bounds, rules.length);
  if (type === 'temporal') return { ...plain, condition: { kind: 'number', bounds } };
  if (
    bounds.every(
      ({ operator, number }) =>
        number === (operator === 'gt' ? rules.length - 1 : rules.length) && ['gt', 'gte', 'eq'].includes(operator),
    )
  ) {
    return { ...plain, condition: allOf(rules.length) };
  }
  throw new RefusedRule(
    'correlation_unsupported',
    condition.line,
    'Cannot evaluate a number of rules in their order: all of them must match, or an expression must say which',
  );
}

function allOf(rules: number): CorrelationCondition {
  return { kind: 'number', bounds: [{ operator: 'gte', number: rules }] };
}

function fieldsOf(condition: YamlMap, type: CorrelationType): Pick<SigmaCorrelation, 'valueFields' | 'percentile'> {
  const percentile = percentileOf(condition, type);
  if (type === 'event_count') return { valueFields: [], percentile };
  const valueFields = textsOf(condition, 'field');
  const atMost =
    type === 'value_count' || (type === 'value_percentile' && percentile === undefined) ? maxValueFields : 1;
  if (valueFields.length === 0 || valueFields.some((field) => field === '' || field.length > 256)) {
    throw invalid(condition, 'The condition must have "field", of 1 to 256 characters');
  }
  if (valueFields.length > atMost) throw invalid(condition, `The condition must have at most ${atMost} of "field"`);
  if (new Set(valueFields).size < valueFields.length) throw invalid(condition, 'A field must not be named twice');
  return { valueFields, percentile };
}

function percentileOf(condition: YamlMap, type: CorrelationType): number | undefined {
  const tree = presentEntry(condition, 'percentile');
  if (tree === undefined) return undefined;
  const percentile = tree.kind === 'scalar' ? tree.value : undefined;
  if (type !== 'value_percentile') throw invalid(tree, `"percentile" is no part of "${type}"`);
  if (typeof percentile !== 'number' || !(percentile > 0 && percentile <= 100)) {
    throw invalid(tree, 'The percentile must be a number over 0, up to 100');
  }
  return percentile;
}

function boundsOf(condition: YamlMap, type: CorrelationType): CorrelationBound[] {
  const isCount = type === 'event_count' || type === 'value_count' || type.startsWith('temporal');
  const bounds: CorrelationBound[] = [];
  for (const entry of condition.entries) {
    if ((entry.key === 'field' && type.startsWith('value_')) || entry.key === 'percentile') continue;
    const operator = operators.get(entry.key);
    if (operator === undefined) {
      throw new RefusedRule(
        'invalid_correlation',
        entry.line,
        `There is no "${entry.key}" in a condition of "${type}"`,
      );
    }
    bounds.push({ operator, number: numberOf(entry, isCount) });
  }
  if (bounds.length === 0) throw invalid(condition, 'The condition must have gt, gte, lt, lte, eq or neq');
  if (isNeverTrue(bounds, isCount)) throw invalid(condition, 'The condition can never hold');
  return bounds;
}

function numberOf({ key, value, line }: YamlEntry, isCount: boolean): number {
  const number = value.kind === 'scalar' ? value.value : undefined;
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    throw new RefusedRule('invalid_correlation', line, `The value of "${key}" must be a number`);
  }
  if (isCount && (!Number.isInteger(number) || number < 0 || number > maxCount)) {
    throw new RefusedRule(
      'invalid_correlation',
      line,
      `The value of "${key}" must be a whole number from 0 to ${maxCount}`,
    );
  }
  return number;
}

/** Whether the greatest lower bound lies over the least upper bound. Nothing is evaluated where nothing happened, so a count is 1 at least. */
function isNeverTrue(bounds: readonly CorrelationBound[], isCount: boolean): boolean {
  const step = isCount ? 1 : Number.MIN_VALUE;
  let least = isCount ? 1 : -Infinity;
  let most = Infinity;
  for (const { operator, number } of bounds) {
    if (operator === 'gte' || operator === 'eq') least = Math.max(least, number);
    if (operator === 'gt') least = Math.max(least, number + step);
    if (operator === 'lte' || operator === 'eq') most = Math.min(most, number);
    if (operator === 'lt') most = Math.min(most, number - step);
  }
  return least > most;
}

function refuseUnreachable(condition: YamlMap, bounds: readonly CorrelationBound[], rules: number): void {
  const highest = Math.max(
    0,
    ...bounds.map(({ operator, number }) => {
      if (operator === 'gte' || operator === 'eq') return number;
      return operator === 'gt' ? number + 1 : 0;
    }),
  );
  if (highest > rules)
    throw invalid(condition, `The condition asks for ${highest} different rules, there are ${rules}`);
}

function expressionOf(
  text: string | number | boolean | null,
  line: number,
  listed: readonly string[],
): { readonly condition: CorrelationCondition; readonly rules: readonly string[] } {
  const refused = (reason: string): RefusedRule => new RefusedRule('invalid_correlation', line, reason);
  if (typeof text !== 'string') throw refused('The condition must be a map, or an expression over rules');
  const words = text.match(/[^\s()]+/g) ?? [];
  const named = [...new Set(words.filter((word) => !/^(?:and|or|not)$/i.test(word)))];
  const rules = listed.length === 0 ? named : listed;
  if (rules.length > 64) throw refused('An expression must name at most 64 rules');
  const parsed = parseCondition(text, rules);
  if ('fault' in parsed) throw refused(`Cannot read the condition "${text.slice(0, 200)}": ${parsed.fault}`);
  const branches = branchesOf(parsed, new Map(rules.map((rule, index) => [rule, index])));
  if ('fault' in branches) throw new RefusedRule(branches.code, line, branches.fault);
  const unused = rules.find((_, index) => !branches.named.has(index));
  if (unused !== undefined) throw refused(`The rule "${unused}" stands under "rules" but not in the condition`);
  return { condition: { kind: 'rules', branches: branches.branches, text }, rules };
}

function invalid(place: YamlTree, reason: string): RefusedRule {
  return new RefusedRule('invalid_correlation', place.line, reason);
}
