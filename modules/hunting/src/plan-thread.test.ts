import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ruleText } from './hunting.fixture.ts';
import { planInThread } from './plan-thread.ts';

test('rules are read in a thread: those asked for, with the files that are part of them', async () => {
  const correlation =
    'title: Both\nid: both\ncorrelation:\n  type: temporal\n  rules: [rule-a, rule-b]\n  group-by: [Image]\n  timespan: 5m\n';
  const sources = [
    { file: 'a.yml', text: ruleText('rule-a', 'certutil') },
    { file: 'b.yml', text: ruleText('rule-b', 'mshta') },
    { file: 'c.yml', text: ruleText('rule-c', 'other') },
    { file: 'both.yml', text: correlation },
    { file: 'own.yml', text: ruleText('rule-own', 'word').replace('windows', 'sallyport') },
  ];
  const plan = await planInThread(sources, { ids: ['both'] });
  assert.deepEqual(
    plan.rules.map(({ id, isCorrelation }) => [id, isCorrelation]),
    [
      ['rule-a', false],
      ['rule-b', false],
      ['both', true],
    ],
  );
  assert.deepEqual(
    plan.sources.map(({ file }) => file),
    ['a.yml', 'b.yml', 'both.yml'],
  );
  assert.deepEqual(plan.needs[0], { clauses: [['certutil']], isOwn: false });
  assert.deepEqual([plan.needs.length, plan.left], [2, []]);
});
