import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SigmaCorrelation } from './correlation.ts';
import { parseSigmaRules } from './parse-rules.ts';
import { resolveCorrelation } from './resolve-correlation.ts';

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
  const { type, rules, groupBy, timespanMs, atLeast, generate, level, tags, line } = parsed(whole);
  assert.deepEqual([type, rules, groupBy, timespanMs], ['event_count', ['failed'], ['User', 'from'], 900_000]);
  assert.deepEqual([atLeast, generate, level, tags, line], [3, false, 'high', ['attack.t1110'], 1]);
});

test('gt is one more than gte, and generate is taken beside or inside the correlation', () => {
  assert.equal(parsed(whole.replace('gte: 3', 'gt: 3')).atLeast, 4);
  assert.equal(parsed(`${whole}\ngenerate: true`).generate, true);
  assert.equal(parsed(`${whole}\n    generate: true`).generate, true);
});

test('value_count needs a field, temporal types need no condition', () => {
  const values = whole.replace('event_count', 'value_count');
  assert.equal(refused(values), 'invalid_correlation 11');
  assert.deepEqual(parsed(values.replace('{ gte', '{ field: User, gte')).valueFields, ['User']);
  const temporal = whole.replace('event_count', 'temporal').replace('[failed]', '[a, b]');
  assert.equal(parsed(temporal.replace(/\n.*condition.*/, '')).atLeast, 2);
  assert.equal(parsed(temporal.replace('gte: 3', 'gte: 1')).atLeast, 1);
  assert.equal(refused(temporal), 'invalid_correlation 11');
  assert.equal(refused(temporal.replace('temporal', 'temporal_ordered')), 'correlation_unsupported 11');
});

test('what cannot be evaluated to the letter is refused with code and line', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['event_count', 'value_sum', 'correlation_unsupported 6'],
    ['event_count', 'nonsense', 'invalid_correlation 6'],
    ['gte: 3', 'lt: 3', 'correlation_unsupported 11'],
    ['gte: 3', 'eq: 3', 'correlation_unsupported 11'],
    ['gte: 3', 'gte: "3"', 'invalid_correlation 11'],
    ['gte: 3', 'gte: -1', 'invalid_correlation 11'],
    ['gte: 3', 'gte: 1.5', 'invalid_correlation 11'],
    ['gte: 3', 'over: 1', 'invalid_correlation 11'],
    ['{ gte: 3 }', 'a and b', 'correlation_unsupported 11'],
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

test('references are looked up by id or name, aliases give the field of each rule', () => {
  const correlation = parsed(whole);
  const rules = new Map([['failed', { id: 'r-1' }]]);
  const none = new Set<string>();
  const found = resolveCorrelation(correlation, { rules, correlations: none });
  assert.deepEqual('members' in found && found.members, [
    { ruleId: 'r-1', groupFields: ['User', 'SourceIp'], valueFields: [] },
  ]);
  const code = (text: string, correlations = none): string => {
    const answer = resolveCorrelation(parsed(text), { rules, correlations });
    return 'code' in answer ? answer.code : 'taken';
  };
  assert.equal(code(whole.replace('[failed]', '[other]')), 'correlation_reference');
  assert.equal(code(whole.replace('[failed]', '[other]'), new Set(['other'])), 'correlation_unsupported');
  assert.equal(code(whole.replace('failed: SourceIp', 'other: SourceIp')), 'correlation_reference');
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
