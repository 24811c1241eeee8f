import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { coverageOf } from './coverage.ts';
import type { Coverage, Verdict } from './coverage.ts';
import { arrival, dayMs, framework, nowMs, rule, tactics } from './coverage.fixture.ts';
import type { Arrival, CoverageRule, RuleFires } from './needs.ts';
import { nextSources } from './next-sources.ts';
import { createRuleData } from './rule-arrivals.ts';

function coverage(
  rules: readonly CoverageRule[],
  arrivals: readonly Arrival[],
  fires: ReadonlyMap<string, RuleFires> = new Map(),
  windowDays = 7,
): Coverage {
  const dataOf = createRuleData({
    rules: new Map(rules.map((one) => [one.id, one])),
    arrivals,
    fires,
    nowMs,
    windowDays,
  });
  return coverageOf({ framework, tactics, rules, dataOf, fires });
}

const verdictsOf = (made: Coverage) =>
  Object.fromEntries(made.techniques.map(({ technique, verdict }) => [technique.id, verdict]));
const sysmon = { product: 'windows', category: ['process_creation'], service: ['sysmon'] };

test('a technique is watched with a rule and its data, blind without the data, and sub-techniques roll up', () => {
  const rules = [rule('r1', ['attack.t1001.001']), rule('r2', ['attack.T1006'], { logSource: { product: 'zeek' } })];
  assert.deepEqual(verdictsOf(coverage(rules, [arrival(sysmon)])), {
    T1001: 'watched',
    'T1001.001': 'watched',
    'T1001.002': 'none',
    T1002: 'none',
    T1006: 'blind',
  });
});

test('data that stopped longer ago than the window does not count, whatever it was', () => {
  const rules = [rule('r1', ['attack.t1002'])];
  assert.equal(verdictsOf(coverage(rules, [arrival(sysmon, 8)]))['T1002'], 'blind');
  assert.equal(verdictsOf(coverage(rules, [arrival(sysmon, 8)], new Map(), 30))['T1002'], 'watched');
  const fires = new Map([['r1', { day: 0, month: 9 }]]);
  assert.equal(verdictsOf(coverage(rules, [], fires))['T1002'], 'blind', 'found something once');
  const today = new Map([['r1', { day: 1, month: 9 }]]);
  assert.equal(verdictsOf(coverage(rules, [], today))['T1002'], 'watched', 'found something today');
});

test('a source of which only part is known is not taken for what a rule asks for', () => {
  const rules = [rule('r1', ['attack.t1002'])];
  for (const source of [
    {},
    { product: 'windows' },
    { product: 'windows', service: ['security'] },
    { category: ['process_creation'] },
  ])
    assert.equal(verdictsOf(coverage(rules, [arrival(source)]))['T1002'], 'blind', JSON.stringify(source));
});

test('weak rules alone make a weak technique', () => {
  const weak = [
    rule('w1', ['attack.t1002'], { level: 'informational' }),
    rule('w2', ['attack.t1002'], { level: 'low', status: 'experimental' }),
    rule('w3', ['attack.t1002'], { status: 'deprecated' }),
  ];
  assert.equal(verdictsOf(coverage(weak, [arrival(sysmon)]))['T1002'], 'weak');
  const also = [...weak, rule('r', ['attack.t1002'], { status: 'experimental' })];
  assert.equal(verdictsOf(coverage(also, [arrival(sysmon)]))['T1002'], 'watched');
});

test('a correlation counts when all rules it rests on have data, through chains; circles and missing rules have none', () => {
  const zeek = { product: 'zeek', service: 'conn' };
  const rules = [
    rule('a', [], { generates: false }),
    rule('b', [], { generates: false, logSource: zeek }),
    rule('c', ['attack.t1001.002'], { logSource: undefined, correlation: { ruleIds: ['a', 'b'] } }),
    rule('d', ['attack.t1002'], { logSource: undefined, correlation: { ruleIds: ['c'] } }),
    rule('e', ['attack.t1006'], { logSource: undefined, correlation: { ruleIds: ['e', 'gone'] } }),
  ];
  const half = coverage(rules, [arrival(sysmon)]);
  assert.deepEqual([verdictsOf(half)['T1001.002'], verdictsOf(half)['T1002']], ['blind', 'blind']);
  assert.deepEqual(
    nextSources([half]).map(({ source, techniques, recipe }) => ({ source, techniques, recipe })),
    [{ source: zeek, techniques: ['T1001', 'T1001.002', 'T1002'], recipe: 'zeek' }],
  );
  const whole = coverage(rules, [arrival(sysmon), arrival({ product: 'zeek', service: ['conn'] })]);
  assert.deepEqual([verdictsOf(whole)['T1001.002'], verdictsOf(whole)['T1006']], ['watched', 'blind']);
});

test('a rule that makes no findings of its own covers nothing', () => {
  assert.equal(
    verdictsOf(coverage([rule('r', ['attack.t1002'], { generates: false })], [arrival(sysmon)]))['T1002'],
    'none',
  );
});

test('a withdrawn id counts for what came in its place; one without a successor and unknown ones are told, never dropped', () => {
  const rules = [
    rule('r1', ['attack.t1003']),
    rule('r2', ['attack.t1005', 'attack.t9999', 'attack.no-such-thing', 'attack.g0001', 'cve.2024.1']),
    rule('r3', ['attack.t9999', 'attack.defense-evasion']),
  ];
  const made = coverage(rules, [arrival(sysmon)]);
  assert.equal(verdictsOf(made)['T1001.001'], 'watched');
  const [tagged] = made.techniques.find(({ technique }) => technique.id === 'T1001.001')?.rules ?? [];
  assert.deepEqual(tagged?.tagged, ['T1003']);
  assert.deepEqual(made.unplaced, [
    { tag: 'attack.no-such-thing', reason: 'unknown', ruleIds: ['r2'] },
    { tag: 'attack.t1005', reason: 'withdrawn', ruleIds: ['r2'] },
    { tag: 'attack.t9999', reason: 'unknown', ruleIds: ['r2', 'r3'] },
  ]);
  const stealth = made.tactics.find(({ tactic }) => tactic.shortName === 'stealth');
  assert.deepEqual([stealth?.rules, stealth?.rulesWithoutTechnique], [1, 1], 'the tactic by its former name');
});

test('what to connect next is the source that opens most, each counted with those before it', () => {
  const rules = [
    rule('a', ['attack.t1001.001'], { logSource: { product: 'linux', service: 'sshd' } }),
    rule('b', ['attack.t1002'], { logSource: { product: 'windows' } }),
    rule('c', ['attack.t1006'], { logSource: { product: 'windows', service: 'security' } }),
    rule('d', ['attack.t1006'], { level: 'informational', logSource: { product: 'aws' } }),
  ];
  assert.deepEqual(
    nextSources([coverage(rules, [])]).map(({ source, techniques, rules: count, recipe }) => [
      source,
      techniques.length,
      count,
      recipe,
    ]),
    [
      [{ product: 'linux', service: 'sshd' }, 2, 1, 'rsyslog'],
      // Events of one log of Windows are events of Windows.
      [{ product: 'windows', service: 'security' }, 2, 2, 'windows'],
    ],
  );
  assert.deepEqual(
    nextSources([
      coverage(rules, [
        arrival({ product: 'linux', service: ['sshd'] }),
        arrival({ product: 'windows', service: ['security'] }),
      ]),
    ]),
    [],
  );
});

/** The same by the plainest means: every technique, every rule, every tag. */
function naive(rules: readonly CoverageRule[], arrivals: readonly Arrival[]): Record<string, Verdict> {
  const successors: Record<string, string> = { T1003: 'T1001.001', T1004: 'T1001.001' };
  const has = (one: CoverageRule, depth = 0): boolean => {
    if (depth > rules.length) return false;
    if (one.correlation !== undefined)
      return (
        one.correlation.ruleIds.length > 0 &&
        one.correlation.ruleIds.every((id) => {
          const next = rules.find((other) => other.id === id);
          return next !== undefined && has(next, depth + 1);
        })
      );
    return arrivals.some(
      ({ source, lastSeenMs }) =>
        lastSeenMs >= nowMs - 7 * dayMs &&
        (one.logSource?.product ?? source.product) === source.product &&
        (one.logSource?.category === undefined || (source.category ?? []).includes(one.logSource.category)),
    );
  };
  return Object.fromEntries(
    framework.techniques
      .filter(({ isWithdrawn }) => !isWithdrawn)
      .map(({ id }): [string, Verdict] => {
        const its = rules.filter(
          (one) =>
            one.generates &&
            one.tags.some((tag) => {
              const named = tag.slice('attack.'.length).toUpperCase();
              const stands = successors[named] ?? named;
              return stands === id || (!id.includes('.') && stands.startsWith(`${id}.`));
            }),
        );
        const seeing = its.filter((one) => has(one));
        if (seeing.some(({ level }) => level !== 'informational')) return [id, 'watched'];
        if (seeing.length > 0) return [id, 'weak'];
        return [id, its.length > 0 ? 'blind' : 'none'];
      }),
  );
}

test('every verdict is what the plain reading of the rules gives', () => {
  const ids = ['r0', 'r1', 'r2', 'r3', 'r4'];
  const tag = fc.constantFrom(...framework.techniques.map(({ id }) => `attack.${id.toLowerCase()}`));
  const source = fc.constantFrom('process_creation', 'file_event');
  const anyRule = fc.record({
    tags: fc.array(tag, { maxLength: 3 }),
    level: fc.constantFrom('informational' as const, 'high' as const),
    generates: fc.boolean(),
    category: fc.option(source, { nil: undefined }),
    refers: fc.option(fc.subarray(ids), { nil: undefined }),
  });
  const anyArrival = fc.record({ category: source, daysAgo: fc.integer({ min: 0, max: 14 }) });
  fc.assert(
    fc.property(fc.array(anyRule, { maxLength: 5 }), fc.array(anyArrival, { maxLength: 3 }), (made, came) => {
      const rules = made.map(({ tags, level, generates, category, refers }, at) =>
        rule(`r${at}`, tags, {
          level,
          generates,
          logSource: refers === undefined ? { product: 'windows', category } : undefined,
          // Only earlier ones: circles are tested by themselves.
          correlation: refers === undefined ? undefined : { ruleIds: refers.filter((id) => id < `r${at}`) },
        }),
      );
      const arrivals = came.map(({ category, daysAgo }) =>
        arrival({ product: 'windows', category: [category] }, daysAgo),
      );
      assert.deepEqual(verdictsOf(coverage(rules, arrivals)), naive(rules, arrivals));
    }),
    { numRuns: 300 },
  );
});
