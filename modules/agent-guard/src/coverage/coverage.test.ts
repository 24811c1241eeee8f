import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { rulesDirectory } from '@sallyport/content';
import { agentPolicyFiles } from '@sallyport/content/agent-policies';
import { attackFrameworks } from '@sallyport/content/attack';
import { loadPackDecisions } from '../decisions/pack-decisions.ts';
import { coverage } from './coverage.ts';

const packs = loadPackDecisions(agentPolicyFiles());
const policies = [...packs.values()].flatMap((pack) => pack.policies);

test('each policy and each rule that the map names is there, and holds or tells something', () => {
  for (const { id, policies: named, rules } of coverage) {
    for (const name of named)
      assert.ok(
        policies.some((policy) => policy.endsWith(`-${name}`)),
        `${id}: no pack has a policy "${name}"`,
      );
    for (const rule of rules)
      assert.ok(existsSync(join(rulesDirectory, 'agents', `${rule}.yml`)), `${id}: there is no rule "${rule}"`);
  }
});

test('the lists of OWASP are there to the last, and what is done nothing about says so', () => {
  const idsOf = (list: string): string[] => coverage.filter((one) => one.list === list).map(({ id }) => id);
  const tens = Array.from({ length: 10 }, (_, at) => String(at + 1).padStart(2, '0'));
  assert.deepEqual(
    idsOf('OWASP Agentic 2026'),
    tens.map((ten) => `ASI${ten}`),
  );
  assert.deepEqual(
    idsOf('OWASP LLM 2025'),
    tens.map((ten) => `LLM${ten}`),
  );
  for (const { id, words, gap, means, rules, policies: named } of coverage) {
    assert.notEqual(gap, '', `${id} has no gap: nothing covers everything`);
    const isHeld = means.length + rules.length + named.length > 0;
    assert.equal(words !== '', isHeld, `${id} says it is covered by nothing, or is covered and does not say how`);
  }
});

test('techniques of ATLAS are named as it names them', () => {
  const techniques = attackFrameworks().flatMap((framework) => framework.techniques);
  for (const { id, name } of coverage.filter((one) => one.list === 'MITRE ATLAS'))
    assert.equal(techniques.find((technique) => technique.id === id)?.name, name);
});

test('a pack that only watches holds nothing', () => {
  const observe = packs.get('observe')?.policies ?? [];
  for (const { policies: named } of coverage)
    assert.ok(!observe.some((id) => named.some((name) => id.endsWith(`-${name}`))));
});
