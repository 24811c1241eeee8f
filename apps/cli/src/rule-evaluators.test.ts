import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSigmaRules } from '@sallyport/sigma-rules';
import { createRuleEvaluator, differenceOf } from './rule-evaluators.ts';

const rule = (id: string, value: string): string =>
  `title: T\nid: ${id}\nlogsource:\n  product: windows\ndetection:\n  sel:\n    Image: ${value}\n  condition: sel\n`;
const { rules } = parseSigmaRules(`${rule('one', 'a')}---\n${rule('two', 'a')}`, { file: 'a.yml' });

test('each way gives the same matches, and where both agree there is no difference', () => {
  for (const name of ['indexed', 'full-scan', 'both'] as const) {
    const evaluator = createRuleEvaluator(name, rules);
    const ids = evaluator.match({ Image: 'A' }).map((match) => match.rule.id);
    assert.deepEqual([ids, evaluator.difference()], [['one', 'two'], undefined]);
    assert.deepEqual([evaluator.match({ Image: 'b' }), evaluator.difference()], [[], undefined]);
  }
});

test('a difference between two sets of matches is told by rule', () => {
  const [one, two] = createRuleEvaluator('indexed', rules).match({ Image: 'a' });
  assert.ok(one !== undefined && two !== undefined);
  assert.equal(differenceOf([one, two], [one, two]), undefined);
  const other = { ...two, matched: [{ field: 'Image', value: 'b' }] };
  const nothing = { onlyIndexed: [], onlyFullScan: [], otherFields: [] };
  assert.deepEqual(differenceOf([one], [one, two]), { ...nothing, onlyFullScan: ['two'] });
  assert.deepEqual(differenceOf([one, two], [two]), { ...nothing, onlyIndexed: ['one'] });
  assert.deepEqual(differenceOf([one, other], [one, two]), { ...nothing, otherFields: ['two'] });
  assert.deepEqual(differenceOf([two, one], [one, two]), nothing, 'another order');
  assert.deepEqual(differenceOf([one, one], [one]), nothing, 'told twice');
});
