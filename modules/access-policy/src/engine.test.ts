import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policiesDirectory } from '@sallyport/content';
import type { Principal } from '@sallyport/platform/http';
import { createDecisionCache } from './decision-cache.ts';
import { createEngine, noSchema } from './engine.ts';
import { createAccessPolicy, engine, ownPolicyLimits, readPolicies, readPolicyTexts } from './index.ts';
import { readAnew } from './thread-engine.ts';

const permits = (condition = 'true'): string => `permit (principal, action, resource) when { ${condition} };`;
const chain = (length: number): string => Array<string>(length).fill('1 < 2').join(' && ');
/** Deeper than its stack while it decides, and not while it is read. */
const breaking = chain(500);

function opened() {
  let nowMs = 0;
  let begun = 0;
  const told: string[] = [];
  const one = createEngine({
    load: () => {
      begun += 1;
      return readAnew();
    },
    nowMs: () => nowMs,
  });
  one.onTrouble((reason) => told.push(reason));
  one.preparsePolicySet('good', { staticPolicies: { p: permits() } });
  one.preparsePolicySet('bad', { staticPolicies: { p: permits(breaking) } });
  const asked = (set: string, id = 'r') =>
    one.statefulIsAuthorized({
      principal: { type: 'U', id: 'u' },
      action: { type: 'Action', id: 'a' },
      resource: { type: 'R', id },
      context: {},
      entities: [],
      preparsedPolicySetId: set,
      validateRequest: false,
    });
  const answer = (set: string): string => {
    try {
      const said = asked(set);
      return said.type === 'success' ? said.response.decision : said.type;
    } catch {
      return 'threw';
    }
  };
  return { one, told, asked, answer, begun: () => begun, wait: (ms: number) => (nowMs += ms) };
}

test('an engine that broke is begun anew with what it was given, at most once a minute, and says so', () => {
  const { one, told, answer, begun, wait } = opened();
  assert.equal(answer('good'), 'allow');
  assert.deepEqual(one.condition(), { isBroken: false, failures: 0 });
  assert.equal(answer('bad'), 'threw');
  assert.deepEqual([one.condition().isBroken, one.condition().againInSeconds, told.length], [true, 0, 1]);
  assert.equal(answer('good'), 'allow', 'begun anew with the next question');
  assert.deepEqual([one.condition().isBroken, one.condition().failures, begun()], [false, 1, 2]);

  assert.equal(answer('bad'), 'threw');
  for (const set of ['good', 'bad', 'good']) assert.equal(answer(set), 'threw', 'twice within a minute');
  assert.deepEqual([one.thrown(), told.length, begun()], [5, 2, 2], 'and is not begun with each question');
  wait(59_000);
  assert.deepEqual([answer('good'), one.condition().againInSeconds], ['threw', 1]);
  // What is taken away meanwhile does not come back, and taking it away throws nothing.
  assert.deepEqual(one.preparsePolicySet('bad', { staticPolicies: {} }), { type: 'success' });
  assert.deepEqual(one.preparseSchema('none', noSchema), { type: 'success' });
  wait(1000);
  assert.deepEqual([answer('good'), answer('bad'), begun()], ['allow', 'failure', 3]);
});

test('what is no Unicode, or as deep as its reader goes, is refused before it reaches it: thousands of them break nothing', () => {
  const { one, asked, answer } = opened();
  for (let count = 0; count < 3000; count += 1) {
    const refused = asked('good', `tool \ud800 ${count}`);
    assert.equal(refused.type, 'failure');
  }
  let nested: unknown = 1;
  for (let count = 0; count < 5000; count += 1) nested = { nested };
  assert.ok(typeof nested === 'object' && nested !== null);
  assert.equal(one.schemaToJson('entity \udfff;').type, 'failure');
  assert.equal(one.policyToJson(`@id("\ud800") ${permits()}`).type, 'failure');
  assert.deepEqual([one.thrown(), one.condition().failures, answer('good')], [0, 0, 'allow']);
});

test('the deepest policy that is taken is decided with room to spare, and the next deeper one is refused with what to do', async () => {
  const texts = await readPolicyTexts(policiesDirectory);
  const own = (condition: string) => ({
    ...texts,
    policies: [
      ...texts.policies,
      {
        file: 'own/x.cedar',
        own: true,
        text: `@id("x") @words("X") forbid (principal is Sallyport::User, action, resource) when { ${condition} };`,
      },
    ],
  });
  const shapes: readonly ((length: number) => string)[] = [
    (length) => Array<string>(length).fill('principal.risk > 1').join(' && '),
    (length) => Array<string>(length).fill('!(principal.risk > 1)').join(' || '),
    (length) => `${Array<string>(length).fill('1').join('+')} > 2`,
    (length) => `datetime("2024-01-01")${'.offset(duration("1h"))'.repeat(length)} > datetime("2024-01-01")`,
  ];
  for (const shape of shapes) {
    const [fault] = readPolicies(own(shape(ownPolicyLimits.expressions + 1))).faults;
    assert.match(fault?.message ?? '', /expressions deep, must go at most 200: .*Make several policies of it/);
    assert.deepEqual(readPolicies(own(shape(ownPolicyLimits.expressions - 5))).faults, []);
    const { answer, one } = opened();
    one.preparsePolicySet('deep', { staticPolicies: { p: permits(shape(260).replaceAll('principal.risk', '5')) } });
    assert.notEqual(answer('deep'), 'threw', shape(1));
  }
});

test('clauses are counted as what joins them: 201 of them are refused, and 150 are read and decided', async () => {
  const texts = await readPolicyTexts(policiesDirectory);
  const own = (count: number) => ({
    ...texts,
    policies: [
      ...texts.policies,
      {
        file: 'own/x.cedar',
        own: true,
        text: `@id("x") @words("X") forbid (principal is Sallyport::User, action, resource) ${'unless { principal.risk > 101 }'.repeat(count)};`,
      },
    ],
  });
  const [fault] = readPolicies(own(201)).faults;
  assert.match(fault?.message ?? '', /expressions deep, must go at most 200/);
  assert.equal(engine.condition().failures, 0);
  const { answer, one } = opened();
  one.preparsePolicySet('clauses', {
    staticPolicies: { p: `permit (principal, action, resource) ${'when { 1 < 2 }'.repeat(150)};` },
  });
  assert.equal(answer('clauses'), 'allow');
  const policy = createAccessPolicy(own(150));
  const principal: Principal = { kind: 'user', id: 'u1', name: 'Ada', scopes: [], roles: ['admin'], assurance: 2 };
  const decision = policy.decide({
    principal,
    action: 'users:read',
    context: { channel: 'network' },
    risk: { value: 0, isFresh: true },
  });
  assert.deepEqual([decision.allowed, decision.policies], [false, ['x']]);
  policy.release();
});

test('policies in force decide again after one beside them broke the engine, and what was said meanwhile is not remembered', async () => {
  const texts = await readPolicyTexts(policiesDirectory);
  const good = createAccessPolicy(texts);
  // As a version that was taken before there was a bound.
  const text = `@id("deep") @words("Deep") forbid (principal is Sallyport::User, action, resource) when { ${breaking} };`;
  const deep = createAccessPolicy({ ...texts, policies: [...texts.policies, { file: 'deep.cedar', text }] });
  const admin: Principal = { kind: 'user', id: 'u1', name: 'Ada', scopes: [], roles: ['admin'], assurance: 2 };
  const asked = { principal: admin, action: 'users:read', context: { channel: 'network' } } as const;
  assert.match(deep.decide(asked).reason, /^Deciding failed: /);
  assert.equal(good.decide(asked).allowed, true);
  assert.equal(engine.condition().failures, 1);
  assert.match(deep.decide(asked).reason, /^Deciding failed: /);
  assert.match(good.decide({ ...asked, action: 'users:manage' }).reason, /broke, and is begun anew within a minute/);
  assert.equal(engine.condition().isBroken, true);
  deep.release();

  let failures = 0;
  const remembered = createDecisionCache<string>(10, () => failures);
  const failing = (): string => {
    failures += 1;
    return 'no';
  };
  assert.equal(remembered.load('question', failing), 'no');
  assert.equal(
    remembered.load('question', () => 'yes'),
    'yes',
  );
  assert.equal(remembered.load('question', failing), 'yes');
});
