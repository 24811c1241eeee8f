import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policiesDirectory } from '@sallyport/content';
import type { Principal } from '@sallyport/platform/http';
import { createAccessPolicy, createLivePolicy, readPolicies, readPolicyTexts } from './index.ts';
import type { PolicyTexts } from './index.ts';

const bundled = await readPolicyTexts(policiesDirectory);
const withOwn = (text: string): PolicyTexts => ({
  ...bundled,
  policies: [...bundled.policies, { file: 'own/x.cedar', text, own: true }],
});
const narrowed = withOwn(
  '@id("no-exports") @words("Nobody exports") forbid (principal is Sallyport::User, action == Sallyport::Action::"cameras:export", resource);',
);

const admin: Principal = { kind: 'user', id: 'u1', name: 'Ada', scopes: [], roles: ['admin'], assurance: 2 };
const asked = { principal: admin, action: 'cameras:export', context: { channel: 'network' } } as const;

test('a version takes the place of another between two decisions, and its remembered answers go with it', () => {
  const first = createAccessPolicy(bundled);
  const live = createLivePolicy(first);
  const { version } = live;
  assert.equal(live.decide(asked).allowed, true);
  const next = createAccessPolicy(narrowed);
  live.activate(next);
  assert.notEqual(live.version, version);
  const decision = live.decide(asked);
  assert.deepEqual([decision.allowed, decision.policies], [false, ['no-exports']]);
  assert.equal(first.decide(asked).allowed, false, 'a released version denies');
  live.activate(createAccessPolicy(bundled));
  assert.equal(live.decide(asked).allowed, true);
});

test('releasing one of two that are the same leaves the other', () => {
  const one = createAccessPolicy(bundled);
  const other = createAccessPolicy(bundled);
  assert.equal(one.version, other.version);
  one.release();
  one.release();
  assert.equal(other.decide(asked).allowed, true);
});

test('a role of the organisation is one to people, to decisions and to other policies', () => {
  const policy = createAccessPolicy(
    withOwn(`@id("night-desk") @role("night-desk") @name("Night desk") @words("The night desk watches cameras")
permit (principal in Sallyport::Role::"night-desk", action == Sallyport::Action::"cameras:read", resource);
@id("night-desk-no-export") @words("The night desk exports nothing")
forbid (principal in Sallyport::Role::"night-desk", action == Sallyport::Action::"cameras:export", resource);`),
  );
  const desk = { ...admin, roles: ['night-desk'] };
  assert.equal(policy.decide({ ...asked, principal: desk, action: 'cameras:read' }).allowed, true);
  assert.equal(policy.decide({ ...asked, principal: desk, action: 'users:read' }).allowed, false);
  assert.deepEqual(policy.roles().at(-1), {
    id: 'night-desk',
    name: 'Night desk',
    words: 'The night desk watches cameras',
    own: true,
  });
});

test('what a text of the organisation must not say is refused, with its place', () => {
  const about = 'principal is Sallyport::User, action, resource';
  for (const [text, told] of [
    ['@id("x") @words("y")\n forbid (principal, action, resource);', /about everybody/],
    ['@id("x") @words("y") forbid (principal is Sallyport::Operator, action, resource);', /operator/],
    ['@id("x") @words("y") forbid (principal == Sallyport::Operator::"local", action, resource);', /operator/],
    ['@id("x") @words("y") forbid (principal in Sallyport::Operator::"local", action, resource);', /operator/],
    [`@id("second-factor-required") @words("y") permit (${about});`, /stands twice/],
    [`@id("X y") @words("y") forbid (${about});`, /lower-case/],
    [`@id("x") @words("y\u202e") forbid (${about});`, /one line/],
    [`@id("x") @words("y") @priority("1") forbid (${about});`, /@priority is not known/],
    [
      `@id("x") @words("y") @role("admin") @name("A") permit (principal in Sallyport::Role::"admin", action, resource);`,
      /@role/,
    ],
    [`@id("x") @words("y") @role("boss") @name("A") permit (${about});`, /must be: permit/],
    [
      `@id("x") @words("y") @role("boss") @name("A") permit (principal in Sallyport::Role::"boss-2", action, resource);`,
      /must be: permit/,
    ],
    [`@id("x") @words("y") @proof("fresh") permit (${about});`, /@proof/],
    [`@id("x") @words("y") forbid (principal == ?principal, action, resource);`, /template/],
    [`@id("x") @words("y") forbid (${about}) when { ${'('.repeat(40)}true${')'.repeat(40)} };`, /deeper/],
    [
      `@id("x") @words("y") forbid (${about}) when { ${Array(3000).fill('principal.risk > 1').join(' && ')} };`,
      /bytes/,
    ],
    [`@id("x") @words("y") permit (${about}) when { context has address };`, /is known/],
    [
      `@id("x") @words("y") permit (principal is Sallyport::User, action == Sallyport::Action::"cameras:send", resource);`,
      /./,
    ],
  ] as const) {
    const { faults } = readPolicies(withOwn(text));
    assert.ok(
      faults.some(({ message, file }) => told.test(message) && file === 'own/x.cedar'),
      `${text.slice(0, 100)}\n${JSON.stringify(faults)}`,
    );
    assert.throws(() => createAccessPolicy(withOwn(text)), { code: 'policy_invalid' });
  }
});

test('each fault has its line and column, whatever stands before it', () => {
  const { faults } = readPolicies(
    withOwn(
      '// Größe 😀\n@id("x") @words("Tür")\nforbid (principal is Sallyport::User, action, resource)\nwhen { principal.asurance > 1 };',
    ),
  );
  assert.deepEqual(
    faults.map(({ line, column, message }) => ({ line, column, said: message.includes('asurance') })),
    [{ line: 4, column: 8, said: true }],
  );
});

test('an explanation names policies and what they looked at', () => {
  const policy = createAccessPolicy(bundled);
  const { decision, policies } = policy.explain({ ...asked, principal: { ...admin, assurance: 1 } });
  assert.equal(decision.allowed, false);
  const [one] = policies;
  assert.equal(one?.id, 'second-factor-required');
  assert.deepEqual(
    one?.facts.find(({ name }) => name === 'assurance'),
    { of: 'principal', name: 'assurance', value: 1 },
  );
});
