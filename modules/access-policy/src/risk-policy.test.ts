import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policiesDirectory } from '@sallyport/content';
import { createManualClock } from '@sallyport/platform/clock';
import type { Principal } from '@sallyport/platform/http';
import { allActions, createAccessPolicy, createRiskFacts, readPolicyTexts, type PrincipalRisk } from './index.ts';

const texts = await readPolicyTexts(policiesDirectory);
const policy = createAccessPolicy(texts);
const admin: Principal = { kind: 'user', id: 'u1', name: 'Ada', scopes: [], roles: ['admin'], assurance: 2 };
const analyst: Principal = { ...admin, id: 'u2', roles: ['analyst'] };

function decide(action: string, risk: PrincipalRisk | undefined, proofAgeSeconds?: number, principal = admin) {
  return policy.decide({
    principal,
    action,
    risk,
    context: { channel: 'network', ...(proofAgeSeconds === undefined ? {} : { proofAgeSeconds }) },
  });
}

test('who is at risk of 90 or more proves who they are before what does harm, is told why, and works on otherwise', () => {
  assert.equal(decide('users:manage', { value: 89, isFresh: true }).allowed, true);
  const refused = decide('users:manage', { value: 90, isFresh: true });
  assert.deepEqual(refused, {
    allowed: false,
    reason:
      'Whoever is at risk of 90 or more proves who they are before this, in the last 10 minutes: their risk is 90 of 100',
    policies: ['at-risk-proves'],
    needsProof: true,
  });
  assert.equal(decide('users:manage', { value: 100, isFresh: true }, 600).allowed, true);
  assert.equal(decide('users:manage', { value: 100, isFresh: true }, 601).allowed, false);
  for (const action of ['alerts:write', 'events:read', 'devices:command', 'sessions:own'])
    assert.equal(decide(action, { value: 100, isFresh: true }).allowed, true, action);
});

test('risk that is not known, stale or nonsense allows nothing that asks for it, and locks nobody out', () => {
  for (const risk of [
    undefined,
    { value: 0, isFresh: false },
    { value: Number.NaN, isFresh: true },
    { value: -1, isFresh: true },
    { value: 1e9, isFresh: true },
  ]) {
    const refused = decide('vault:manage', risk);
    assert.deepEqual([refused.allowed, refused.needsProof], [false, true]);
    assert.equal(decide('vault:manage', risk, 10).allowed, true, 'a fresh proof is the way');
    assert.equal(decide('alerts:write', risk).allowed, true);
  }
  assert.match(decide('vault:manage', undefined).reason, /cannot be told now$/);
  assert.match(decide('vault:manage', { value: 0, isFresh: false }).reason, /told too long ago$/);
  const operator: Principal = { kind: 'operator', id: 'local', name: 'local', scopes: [] };
  for (const action of allActions)
    assert.equal(policy.decide({ principal: operator, action, context: { channel: 'socket' } }).allowed, true, action);
  // What somebody may do, if need be after a proof, is theirs: rooms do not vanish while nobody can tell.
  assert.deepEqual(policy.permissionsOf(admin), allActions);
});

test('a proof opens nothing that a role does not, and no key is asked for one', () => {
  const refused = decide('users:manage', { value: 100, isFresh: true }, undefined, analyst);
  assert.equal(decide('users:manage', { value: 100, isFresh: true }, 10, analyst).allowed, false);
  assert.equal(policy.permissionsOf(analyst).includes('users:manage'), false);
  assert.equal(refused.allowed, false);
  const planted =
    '@id("planted") @words("x") @proof("fresh") forbid(principal is Sallyport::Key, action, resource) when { principal.risk >= 50 };';
  const strict = createAccessPolicy({
    ...texts,
    policies: [...texts.policies, { file: 'planted.cedar', text: planted }],
  });
  const key: Principal = { kind: 'key', id: 'k1', name: 'web', scopes: ['events:write'] };
  const ask = (risk: PrincipalRisk | undefined) =>
    strict.decide({ principal: key, action: 'events:write', context: { channel: 'network' }, risk });
  assert.deepEqual([ask({ value: 49, isFresh: true }).allowed, ask(undefined).allowed], [true, false]);
  assert.equal(ask(undefined).needsProof, undefined);
});

test('a risk that rose is not answered from before it rose', () => {
  const small = createAccessPolicy(texts, { maxCachedDecisions: 1000 });
  const at = (value: number) =>
    small.decide({
      principal: admin,
      action: 'keys:manage',
      context: { channel: 'network' },
      risk: { value, isFresh: true },
    }).allowed;
  assert.deepEqual([at(10), at(95), at(10)], [true, false, true]);
});

test('policies with a proof that is none, or a fact nobody has, are refused', () => {
  for (const [text, told] of [
    ['@id("x") @words("x") @proof("stale") forbid(principal, action, resource);', /@proof/],
    ['@id("x") @words("x") @proof("fresh") permit(principal, action, resource);', /@proof/],
    ['@id("x") @words("x") @fact("mood") forbid(principal, action, resource);', /@fact/],
    [
      '@id("x") @words("x") forbid(principal is Sallyport::Operator, action, resource) when { principal.risk > 1 };',
      /risk/,
    ],
  ] as const) {
    assert.throws(
      () => createAccessPolicy({ ...texts, policies: [...texts.policies, { file: 'planted.cedar', text }] }),
      (error) => error instanceof Error && told.test(error.message),
      text,
    );
  }
});

test('facts are asked for once in seconds a principal, go stale, and a reader that fails makes nobody known', () => {
  const clock = createManualClock(1_000_000);
  let asked = 0;
  let fails = false;
  const facts = createRiskFacts({
    clock,
    read: () => {
      asked += 1;
      if (fails) throw new TypeError('down');
      return { value: 42, freshUntilMs: 1_002_000 };
    },
    maxPrincipals: 2,
  });
  for (let request = 0; request < 1000; request += 1) assert.deepEqual(facts.of(admin), { value: 42, isFresh: true });
  assert.equal(asked, 1);
  clock.advance(2500);
  assert.deepEqual(facts.of(admin), { value: 42, isFresh: false }, 'held, and stale all the same');
  clock.advance(1000);
  fails = true;
  assert.equal(facts.of(admin), undefined);
  assert.equal(facts.of(admin), undefined);
  assert.equal(asked, 2, 'a reader that is down is not hammered');
  for (let at = 0; at < 50; at += 1) facts.of({ ...admin, id: `other-${at}` });
  facts.of(admin);
  assert.equal(asked, 53, 'no more than two are kept');
  assert.equal(facts.of({ kind: 'operator', id: 'local', name: 'local', scopes: [] }), undefined);
  assert.equal(asked, 53);
});
