// What is remembered never makes an answer another: of somebody else's question, of other policies, or of a text that differs in a little.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, test } from 'node:test';
import { policiesDirectory } from '@sallyport/content';
import type { Principal } from '@sallyport/platform/http';
import fc from 'fast-check';
import { createEngineMemory, type EngineMemory } from './engine-memory.ts';
import { createAccessPolicy, readPolicies, readPolicyTexts } from './index.ts';
import type { AccessDecision, AccessPolicy, PolicyTexts } from './index.ts';
import { createTextMemory } from './text-memory.ts';

let bundled: PolicyTexts;
before(async () => {
  bundled = await readPolicyTexts(policiesDirectory);
});

const withOwn = (...texts: readonly string[]): PolicyTexts => ({
  ...bundled,
  policies: [...bundled.policies, ...texts.map((text, place) => ({ file: `own-${place}.cedar`, text, own: true }))],
});
const policyText = (id: string, effect: string, principal: string, condition = ''): string =>
  `@id("${id}") @words("As written") ${effect} (${principal}, action == Sallyport::Action::"audit:read", resource)${condition};`;

/** Ways to mean one person, none of which a look at the scope alone would find. */
const naming: readonly (readonly string[])[] = [
  [],
  [policyText('a', 'permit', 'principal == Sallyport::User::"ada"')],
  [policyText('b', 'forbid', 'principal in Sallyport::User::"ada"')],
  [policyText('c', 'forbid', 'principal is Sallyport::User in Sallyport::User::"ada"')],
  [policyText('d', 'forbid', 'principal is Sallyport::User', ' when { principal == Sallyport::User::"ada" }')],
  [policyText('e', 'permit', 'principal is Sallyport::User', ' unless { principal != Sallyport::User::"bob" }')],
  [policyText('f', 'forbid', 'principal is Sallyport::User', ' when { [Sallyport::User::"ada"].contains(principal) }')],
  [policyText('g', 'forbid', 'principal == Sallyport::Key::"bob"')],
];
/** Names somebody whom nobody is: with it a policy tells all from one another, as it did before anything was left out. */
const stranger = policyText('stranger', 'forbid', 'principal == Sallyport::User::"nobody at all"');

const someRoles = fc.uniqueArray(fc.constantFrom('admin', 'analyst', 'auditor', 'guard', 'unheard-of'), {
  maxLength: 2,
});
const site = fc.constantFrom('gate', 'yard');
const person: fc.Arbitrary<Principal> = fc.record(
  {
    kind: fc.constant('user' as const),
    id: fc.constantFrom('ada', 'bob', 'cyd'),
    name: fc.constantFrom('Ada', 'Bob'),
    scopes: fc.constantFrom([], ['audit:read']),
    roles: someRoles,
    siteRoles: fc.array(fc.record({ role: fc.constantFrom('guard', 'admin'), site }), { maxLength: 2 }),
    grantedRoles: fc.array(
      fc.record(
        { role: fc.constant('auditor'), site, actions: fc.constant(['audit:read']) },
        { requiredKeys: ['role'] },
      ),
      { maxLength: 1 },
    ),
    assurance: fc.constantFrom(1 as const, 2 as const, 3 as const),
    weakFactor: fc.constant(true as const),
    methods: fc.constantFrom(['password'], ['password', 'passkey']),
    browserKey: fc.constantFrom('k1', 'k2'),
    provider: fc.constantFrom('p1', 'p2'),
    limitedTo: fc.constantFrom([], ['audit:read', 'sessions:own']),
    sessionId: fc.constantFrom('s1', 's2'),
    grantIds: fc.constantFrom(['g1'], ['g2']),
    tokenId: fc.constantFrom('t1', 't2'),
    authenticatedAtMs: fc.constantFrom(1, 2),
  },
  { requiredKeys: ['kind', 'id', 'name', 'scopes'] },
);
const machine: fc.Arbitrary<Principal> = fc.record(
  {
    kind: fc.constantFrom('key' as const, 'service' as const),
    id: fc.constantFrom('ada', 'bob', 'cyd'),
    name: fc.constant('K'),
    scopes: fc.constantFrom([], ['audit:read'], ['audit:read', 'users:read']),
    madeFor: fc.constantFrom([], ['audit:read']),
    sites: fc.uniqueArray(site, { maxLength: 2 }),
    onBehalfOf: person,
  },
  { requiredKeys: ['kind', 'id', 'name', 'scopes'] },
);
/** The engine names what decided in any order. */
const inOrder = ({ policies, reason, ...decision }: AccessDecision) => ({
  ...decision,
  policies: policies.toSorted(),
  reason: reason.split('; ').toSorted(),
});
const where = fc.constantFrom({}, { site: 'gate' }, { site: 'yard' });

test('whoever asked before, each is answered as if nobody was remembered and everybody was told apart', () => {
  for (const own of naming) {
    const kept = createAccessPolicy(withOwn(...own));
    const plain: AccessPolicy = createAccessPolicy(withOwn(...own, stranger), { maxCachedDecisions: 0 });
    const asked = fc.array(fc.record({ principal: fc.oneof(person, machine), at: where }), {
      minLength: 2,
      maxLength: 4,
    });
    fc.assert(
      fc.property(asked, (questions) => {
        for (const { principal, at } of questions) {
          assert.deepEqual(kept.permissionsOf(principal, at), plain.permissionsOf(principal, at));
          for (const action of ['audit:read', 'users:manage', 'no such thing']) {
            const resource = at.site === undefined ? undefined : { kind: 'site' as const, id: at.site };
            const request = { principal, action, resource, risk: { value: 0, isFresh: true } } as const;
            for (const proof of [{}, { proofAgeSeconds: 0 }]) {
              const context = { channel: 'network', ...proof } as const;
              const [told, wanted] = [kept, plain].map((one) => inOrder(one.decide({ ...request, context })));
              assert.deepEqual(told, wanted);
            }
          }
        }
      }),
      { numRuns: 3 },
    );
    kept.release();
    plain.release();
  }
});

test('somebody who is named is told from whoever holds the same, whichever is asked first', () => {
  const asking = (id: string): Principal => ({
    kind: 'user',
    id,
    name: id,
    scopes: [],
    roles: ['guard'],
    assurance: 2,
  });
  for (const [own, wanted] of [
    [naming[1], true],
    [naming[5], false],
  ] as const) {
    const [one, other] = wanted ? ['ada', 'cyd'] : ['cyd', 'bob'];
    for (const order of [
      [one, other],
      [other, one],
    ]) {
      const policy = createAccessPolicy(withOwn(...(own ?? [])));
      const may = new Map(order.map((id) => [id, policy.permissionsOf(asking(id)).includes('audit:read')]));
      assert.deepEqual([...may].filter(([, is]) => is).length, 1, `${JSON.stringify([...may])}: one of them alone`);
      policy.release();
    }
  }
});

/** What asks for the moment: whether a risk is fresh, how great it is, which hour and day it is, and of each not one answer to all. */
const momentary = (
  ['!principal.riskFresh', 'principal.risk >= 50', 'context.hour >= 17', 'context.weekday > 5'] as const
).map((asked, place) => policyText(`m${place}`, 'forbid', 'principal is Sallyport::User', ` when { ${asked} }`));
const auditor = (id: string): Principal => ({
  kind: 'user',
  id,
  name: id,
  scopes: [],
  roles: ['auditor'],
  assurance: 3,
});
const risks = [undefined, ...[0, 49, 100].flatMap((value) => [true, false].map((isFresh) => ({ value, isFresh })))];

test('rights are told at each risk and hour as if nobody was asked at another, also where the hour turns meanwhile', () => {
  const moment = fc.record({
    id: fc.constantFrom('ada', 'bob'),
    risk: fc.constantFrom(...risks),
    times: fc.array(fc.record({ hour: fc.constantFrom(9, 16, 17, 23), weekday: fc.constantFrom(1, 6) }), {
      minLength: 1,
      maxLength: 2,
    }),
    at: where,
  });
  for (const own of [...momentary.map((one) => [one]), momentary]) {
    const kept = createAccessPolicy(withOwn(...own));
    const plain = createAccessPolicy(withOwn(...own, stranger), { maxCachedDecisions: 0 });
    fc.assert(
      fc.property(fc.array(moment, { minLength: 2, maxLength: 6 }), (moments) => {
        for (const { id, risk, times, at } of moments) {
          let reads = 0;
          const turning = () => times[Math.min(reads++, times.length - 1)];
          const told = kept.permissionsOf(auditor(id), {
            ...at,
            risk,
            context: { channel: 'network', localTime: turning },
          });
          const context = { channel: 'network', localTime: () => times[0] } as const;
          assert.deepEqual(told, plain.permissionsOf(auditor(id), { ...at, risk, context }));
          const asked = { principal: auditor(id), action: 'audit:read', risk, context } as const;
          if (at.site === undefined) assert.equal(told.includes('audit:read'), plain.decide(asked).allowed);
        }
      }),
      { numRuns: 5 },
    );
    kept.release();
    plain.release();
  }
});

test('a stale risk is not answered as the greatest that is fresh, nor the next hour as the one that ended while it was asked', () => {
  const local = createAccessPolicy(withOwn(...momentary.slice(0, 1)));
  const may = (isFresh: boolean) =>
    local
      .permissionsOf(auditor('ada'), { context: { channel: 'network' }, risk: { value: 100, isFresh } })
      .includes('audit:read');
  assert.deepEqual([may(true), may(false), may(true)], [true, false, true]);
  local.release();

  const byDay = createAccessPolicy(withOwn(...momentary.slice(2, 3)));
  let reads = 0;
  const risk = { value: 0, isFresh: true };
  const at = (hour: () => number) =>
    byDay
      .permissionsOf(auditor('ada'), {
        risk,
        context: { channel: 'network', localTime: () => ({ hour: hour(), weekday: 1 }) },
      })
      .includes('audit:read');
  assert.equal(
    at(() => (reads++ === 0 ? 23 : 0)),
    false,
  );
  assert.deepEqual([reads, at(() => 23), at(() => 0)], [1, false, true]);
  byDay.release();
});

test('a text is read as if it was the first, whatever was read before', () => {
  const good = policyText('x', 'permit', 'principal in Sallyport::Role::"guard"');
  const texts: readonly PolicyTexts[] = [
    bundled,
    withOwn(good),
    // A letter of an attribute, an action, a role that nothing makes, the same id twice.
    withOwn(good.replace(';', ' when { principal.assurance > 1 };')),
    withOwn(good.replace(';', ' when { principal.asurance > 1 };')),
    withOwn(good.replace('audit:read', 'audit:reed')),
    withOwn(good.replace('guard', 'owner')),
    withOwn(good, good),
    withOwn(good.replace('permit (', '@role("owner") @name("Owner") permit (').replace('::"guard"', '::"owner"')),
    // Good under the schema that stands, and under no other.
    { ...withOwn(good), schema: bundled.schema.replaceAll('"audit:read"', '"audit:see"') },
    { ...withOwn(good), schema: `${bundled.schema}\nentity` },
    // Good as ours, and nothing the organisation may write.
    {
      ...bundled,
      policies: [...bundled.policies, { file: 'own-0.cedar', text: policyText('y', 'permit', 'principal') }],
    },
    withOwn(policyText('y', 'permit', 'principal')),
  ];
  const asRead = (one: PolicyTexts, memory: EngineMemory): string => {
    const { schema, policies, faults } = readPolicies(one, memory);
    // What the engine takes somebody to have meant is any of the likeliest.
    const said = faults.map((fault) => JSON.stringify(fault).replace(/; did you mean .*/, '')).toSorted();
    return `${said.join('\n')} ${createHash('sha256')
      .update(JSON.stringify([schema, policies]))
      .digest('hex')}`;
  };
  const first = texts.map((one) => asRead(one, createEngineMemory()));
  assert.ok(new Set(first).size === texts.length);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: texts.length - 1 }), { minLength: 4, maxLength: 12 }), (order) => {
      const memory = createEngineMemory();
      for (const place of order) assert.equal(asRead(texts[place] ?? bundled, memory), first[place]);
    }),
    { numRuns: 8 },
  );
});

test('nobody who was given a policy can change what the next is given', () => {
  const [policy] = readPolicies(bundled).policies;
  assert.ok(policy !== undefined);
  assert.throws(() => Object.assign(policy.json, { effect: 'permit' }), TypeError);
  assert.throws(() => Object.assign(policy.json.principal, { op: 'All' }), TypeError);
});

test('a memory of texts forgets what was used longest ago, and never keeps more than its bound', () => {
  const memory = createTextMemory<number>({ text: 3, all: 6 });
  memory.set('aaa', 1);
  memory.set('bbb', 2);
  assert.equal(memory.get('aaa'), 1);
  memory.set('cc', 3);
  assert.deepEqual([memory.get('aaa'), memory.get('bbb'), memory.get('cc')], [1, undefined, 3]);
  memory.set('dddd', 4);
  assert.deepEqual([memory.get('dddd'), memory.get('aaa')], [undefined, 1]);
  memory.set('aaa', 5);
  memory.set('e', 6);
  assert.deepEqual([memory.get('aaa'), memory.get('cc'), memory.get('e')], [5, 3, 6]);
});
