import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { engine } from '@sallyport/access-policy';
import { rulesDirectory } from '@sallyport/content';
import { agentPolicyFiles } from '@sallyport/content/agent-policies';
import { attackFrameworks } from '@sallyport/content/attack';
import { loadPackDecisions } from '../decisions/pack-decisions.ts';
import { shownCoverage } from './coverage-routes.ts';
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

const none = { kind: 'none' } as const;
const stateOf = (shown: ReturnType<typeof shownCoverage>, id: string) =>
  shown.threats.find((threat) => threat.id === id)?.state;
const damaged = (pack: string) =>
  loadPackDecisions(
    agentPolicyFiles().map((file) =>
      file.name === `${pack}.cedar` ? { ...file, text: file.text.replace('forbid', 'forbids') } : file,
    ),
  );

test('what is covered says so, with how many agents each pack has, and what nothing is done about does not', () => {
  const shown = shownCoverage({ packs, agents: [{ pack: 'developer' }, { pack: 'developer' }], own: none });
  assert.equal(stateOf(shown, 'ASI01'), 'covered');
  const uncovered = coverage.filter(({ words }) => words === '').map(({ id }) => id);
  assert.deepEqual(
    shown.threats.filter(({ state }) => state === 'uncovered').map(({ id }) => id),
    uncovered,
  );
  assert.ok(uncovered.length > 0);
  assert.deepEqual(shown.packs[1], { pack: 'developer', agents: 2 });
  assert.deepEqual(shown.own, {});
});

test('a pack that cannot be read covers nothing: what rests on policies is broken, and why is told', () => {
  const shown = shownCoverage({ packs: damaged('developer'), agents: [{ pack: 'developer' }], own: none });
  const developer = shown.packs.find(({ pack }) => pack === 'developer');
  assert.match(developer?.unreadable ?? '', /Cannot load pack "developer"/);
  assert.equal(shown.packs.filter(({ unreadable }) => unreadable !== undefined).length, 1);
  for (const { id, policies, means, rules } of coverage) {
    const expected = policies.length > 0 ? 'broken' : means.length + rules.length > 0 ? 'covered' : 'uncovered';
    assert.equal(stateOf(shown, id), expected, id);
  }
  for (const { id, packs: of } of shown.threats)
    assert.deepEqual(of.find(({ pack }) => pack === 'developer')?.policies, [], id);
});

test('an engine that is gone after a pack was loaded covers nothing either', () => {
  let isGone = false;
  const failing: typeof engine = {
    ...engine,
    statefulIsAuthorized(question) {
      if (isGone) throw new Error('the engine is gone');
      return engine.statefulIsAuthorized(question);
    },
  };
  const loaded = loadPackDecisions(agentPolicyFiles(), { cedar: failing });
  assert.equal(stateOf(shownCoverage({ packs: loaded, agents: [], own: none }), 'ASI01'), 'covered');
  isGone = true;
  const shown = shownCoverage({ packs: loaded, agents: [], own: none });
  assert.equal(stateOf(shown, 'ASI01'), 'broken');
  assert.match(shown.packs[0]?.unreadable ?? '', /the engine is gone/);
});

test('a pack that only watches breaks no row, and policies of one’s own that cannot be read break all that rest on policies', () => {
  const files = agentPolicyFiles().map((file) =>
    file.name === 'observe.cedar' ? { ...file, text: 'nonsense' } : file,
  );
  const watching = shownCoverage({ packs: loadPackDecisions(files), agents: [], own: none });
  assert.equal(stateOf(watching, 'ASI01'), 'covered');
  assert.notEqual(watching.packs.find(({ pack }) => pack === 'observe')?.unreadable, undefined);
  const own = shownCoverage({ packs, agents: [], own: { kind: 'unreadable', reason: 'its seal does not fit' } });
  assert.equal(stateOf(own, 'ASI01'), 'broken');
  assert.deepEqual(own.own, { unreadable: 'its seal does not fit' });
});
