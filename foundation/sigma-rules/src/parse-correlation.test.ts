import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SigmaCorrelation } from './correlation.ts';
import { parseSigmaRules } from './parse-rules.ts';
import { composeRuleSet } from './rule-set.ts';

const whole = [
  'title: Many failed sign-ins',
  'id: 0e95725d-7320-415d-80f7-004da920fc11',
  'level: high',
  'tags: [attack.t1110]',
  'correlation:',
  '    type: event_count',
  '    rules: [failed]',
  '    group-by: [User, from]',
  '    timespan: 15m',
  '    aliases: { from: { failed: SourceIp } }',
  '    condition: { gte: 3 }',
].join('\n');

function parsed(text: string): SigmaCorrelation {
  const { correlations, refusals } = parseSigmaRules(text, { file: 'c.yml' });
  assert.deepEqual(refusals, []);
  const [correlation] = correlations;
  return correlation ?? assert.fail('no correlation');
}

/** The code and line with which the text is refused. */
function refused(text: string): string {
  const { correlations, refusals } = parseSigmaRules(text, { file: 'c.yml' });
  assert.deepEqual(correlations, [], text);
  return refusals.map(({ code, line }) => `${code} ${line}`).join();
}

test('a correlation is read with everything that decides when it matches', () => {
  const { type, rules, groupBy, timespanMs, condition, generate, level, tags, line } = parsed(whole);
  assert.deepEqual([type, rules, groupBy, timespanMs], ['event_count', ['failed'], ['User', 'from'], 900_000]);
  assert.deepEqual(condition, { kind: 'number', bounds: [{ operator: 'gte', number: 3 }] });
  assert.deepEqual([generate, level, tags, line], [false, 'high', ['attack.t1110'], 1]);
});

/** The comparisons of a condition as text. */
function bounds(text: string): string {
  const { condition } = parsed(text);
  return condition.kind === 'rules'
    ? condition.text
    : condition.bounds.map((one) => Object.values(one).join(' ')).join();
}

test('conditions are one comparison or a range, and generate is taken beside or inside the correlation', () => {
  for (const one of ['gt 3', 'gte 3', 'lt 3', 'lte 3', 'eq 3', 'neq 3', 'gt 3,lte 9']) {
    assert.equal(bounds(whole.replace('gte: 3', one.replaceAll(' ', ': '))), one);
  }
  assert.equal(parsed(`${whole}\ngenerate: true`).generate, true);
  assert.equal(parsed(`${whole}\n    generate: true`).generate, true);
});

test('types of values need a field, numbers may have fractions, temporal types need no condition', () => {
  const values = whole.replace('event_count', 'value_count');
  assert.equal(refused(values), 'invalid_correlation 11');
  assert.deepEqual(parsed(values.replace('{ gte', '{ field: User, gte')).valueFields, ['User']);
  for (const type of ['value_sum', 'value_avg', 'value_median', 'value_percentile']) {
    const sum = whole.replace('event_count', type).replace('{ gte: 3', '{ field: bytes, lt: -1.5');
    assert.equal(bounds(sum), 'lt -1.5');
    if (type !== 'value_percentile') assert.equal(refused(sum.replace('bytes', '[a, b]')), 'invalid_correlation 11');
  }
  const percentile = whole
    .replace('event_count', 'value_percentile')
    .replace('{ gte', '{ field: a, percentile: 95, gte');
  assert.equal(parsed(percentile).percentile, 95);
  assert.equal(refused(percentile.replace('percentile: 95', 'percentile: 101')), 'invalid_correlation 11');
  assert.equal(refused(percentile.replace('value_percentile', 'value_avg')), 'invalid_correlation 11');
  const temporal = whole.replace('event_count', 'temporal').replace('[failed]', '[a, b]');
  assert.equal(bounds(temporal.replace(/\n.*condition.*/, '')), 'gte 2');
  assert.equal(bounds(temporal.replace('gte: 3', 'gte: 1')), 'gte 1');
  assert.equal(refused(temporal), 'invalid_correlation 11');
  assert.equal(
    refused(temporal.replace('temporal', 'temporal_ordered').replace('gte: 3', 'gte: 1')),
    'correlation_unsupported 11',
  );
});

test('an expression over rules is read as its alternatives, with the rules it names where none are listed', () => {
  const expression = (text: string, type = 'temporal', rules = '[a, b, c]'): string =>
    whole
      .replace('event_count', type)
      .replace('[failed]', rules)
      .replace('{ gte: 3 }', text)
      .replace(/\n.*aliases.*/, '');
  const branches = (text: string) => {
    const { condition } = parsed(expression(text));
    return condition.kind === 'rules'
      ? condition.branches.map(({ all, none }) => `${all.join('')}/${none.join('')}`)
      : [];
  };
  assert.deepEqual(branches('a and (b or c)'), ['01/', '02/']);
  assert.deepEqual(branches('a and not (b or c)'), ['0/12']);
  assert.deepEqual(branches('2 of them'), ['01/', '02/', '12/']);
  assert.deepEqual(parsed(expression('x and y', 'temporal_ordered', 'null')).rules, ['x', 'y']);
  assert.equal(parsed(expression('a and b and c', 'temporal_extended')).type, 'temporal');
  assert.equal(refused(expression('{ gte: 2 }', 'temporal_extended')), 'invalid_correlation 10');
  for (const [text, code] of [
    ['a and b', 'invalid_correlation'],
    ['a and b and d', 'invalid_correlation'],
    ['not a and not b and not c', 'invalid_correlation'],
    ['a and not a and b and c', 'invalid_correlation'],
    ['a and (b or', 'invalid_correlation'],
  ] as const) {
    assert.equal(refused(expression(text)), `${code} 10`, text);
  }
  const many = Array.from({ length: 20 }, (_, index) => `r${index}`);
  assert.equal(refused(expression('10 of them', 'temporal', `[${many.join()}]`)), 'too_complex 10');
  assert.equal(refused(expression('a and b and c', 'event_count')), 'invalid_correlation 10');
});

test('what cannot be evaluated to the letter is refused with code and line', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['event_count', 'nonsense', 'invalid_correlation 6'],
    ['gte: 3', 'lt: 1', 'invalid_correlation 11'],
    ['gte: 3', 'gt: 3, lt: 4', 'invalid_correlation 11'],
    ['gte: 3', 'gte: "3"', 'invalid_correlation 11'],
    ['gte: 3', 'gte: -1', 'invalid_correlation 11'],
    ['gte: 3', 'gte: 1.5', 'invalid_correlation 11'],
    ['gte: 3', 'over: 1', 'invalid_correlation 11'],
    ['{ gte: 3 }', 'a and b', 'invalid_correlation 11'],
    ['{ gte: 3 }', '[]', 'invalid_correlation 11'],
    ['15m', '15', 'invalid_correlation 9'],
    ['15m', '0m', 'invalid_correlation 9'],
    ['15m', '1M', 'invalid_correlation 9'],
    ['15m', '99999999d', 'invalid_correlation 9'],
    ['[failed]', '[failed, failed]', 'invalid_correlation 7'],
    ['[failed]', '[]', 'missing_attribute 6'],
    ['{ from: { failed: SourceIp } }', '{ from: x }', 'invalid_correlation 10'],
    ['title: Many failed sign-ins', 'description: x', 'missing_attribute 1'],
  ];
  for (const [from, to, expected] of cases) assert.equal(refused(whole.replace(from, to)), expected, to);
});

const failed =
  'title: F\nid: r-1\nname: failed\nlogsource: { category: x }\ndetection: { sel: { a: b }, condition: sel }\n---\n';

/** The members of the correlations, and the refusals, of a rule `failed` with these documents behind it. */
function resolved(...texts: readonly string[]) {
  const { correlations, refusals } = composeRuleSet(parseSigmaRules(failed + texts.join('\n---\n'), { file: 'c.yml' }));
  return { members: correlations.map(({ members }) => members), codes: refusals.map(({ code }) => code) };
}

test('references are looked up by id or name, aliases give the field of each rule', () => {
  const groupFields = [['User'], ['SourceIp']];
  assert.deepEqual(resolved(whole).members, [[{ ruleId: 'r-1', isCorrelation: false, groupFields, valueFields: [] }]]);
  assert.deepEqual(resolved(whole.replace('[failed]', '[other]')).codes, ['correlation_reference']);
  assert.deepEqual(resolved(whole.replace('failed: SourceIp', 'other: SourceIp')).codes, ['correlation_reference']);
  assert.deepEqual(resolved(whole.replace('[failed]', '[failed, r-1]')).codes, ['correlation_reference']);
});

test('correlations build on each other in whatever order they are written; circles and what builds on what is refused are refused', () => {
  const upper =
    'title: U\nid: up\ncorrelation:\n    type: temporal\n    rules: [LOWER, failed]\n    group-by: [Host]\n    timespan: 1h';
  const own =
    whole
      .split('\n')
      .find((line) => line.startsWith('id: '))
      ?.slice(4) ?? '';
  const chain = resolved(upper.replace('LOWER', own), whole);
  assert.deepEqual(
    [chain.codes, chain.members.map((members) => members.map((one) => one.isCorrelation))],
    [[], [[false], [true, false]]],
  );
  assert.deepEqual(resolved(upper.replace('LOWER', 'up')).codes, ['correlation_reference']);
  const circle = resolved(upper.replace('LOWER', 'two'), upper.replace('id: up', 'id: two').replace('LOWER', 'up'));
  assert.deepEqual([circle.members, circle.codes.length > 0], [[], true]);
  const broken = resolved(upper.replace('LOWER', own), whole.replace('[failed]', '[nowhere]'));
  assert.deepEqual(broken.codes, ['correlation_reference', 'correlation_reference']);
  const links = Array.from({ length: 10 }, (_, link) =>
    upper.replace('id: up', `id: l${link}`).replace('LOWER', link === 0 ? own : `l${link - 1}`),
  );
  assert.ok(resolved(whole, ...links).codes.includes('too_complex'));
  // Seven layers of three, each over all of the layer below: 3^6 ways from one rule to the top.
  const layers = Array.from({ length: 21 }, (_, place) => {
    const below = place < 3 ? [own] : [0, 1, 2].map((other) => `l${Math.floor(place / 3) - 1}-${other}`);
    return upper
      .replace('id: up', `id: l${Math.floor(place / 3)}-${place % 3}`)
      .replace('LOWER, failed', below.join(', '));
  });
  assert.ok(resolved(whole, ...layers).codes.includes('too_complex'));
});

test('no text makes the parser throw', () => {
  const words = fc.constantFrom('gte', 'field', 'rules', 'a', '1', '[', '{', 'null', 'true', '-1', 'timespan', '15m');
  const lines = fc.array(fc.tuple(fc.constantFrom(...whole.split('\n').map((_, line) => line)), words), {
    maxLength: 4,
  });
  fc.assert(
    fc.property(lines, (changes) => {
      const text = whole.split('\n');
      for (const [line, word] of changes) text[line] = (text[line] ?? '').replace(/:.*$/, `: ${word}`);
      const { correlations, refusals } = parseSigmaRules(text.join('\n'), { file: 'c.yml' });
      assert.equal(correlations.length + refusals.length > 0, true);
    }),
  );
});
