import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policiesDirectory } from '@sallyport/content';
import type { Principal } from '@sallyport/platform/http';
import {
  agentActions,
  allActions,
  allRoles,
  createAccessPolicy,
  deviceActions,
  readPolicyTexts,
  type AccessPolicy,
  type Role,
} from './index.ts';

const texts = await readPolicyTexts(policiesDirectory);
const policy = createAccessPolicy(texts);
const network = { channel: 'network' } as const;
const noRisk = { value: 0, isFresh: true } as const;

/** Written down a second time, so that a change of the policies is a change of this table. */
const expected: Readonly<Record<Role, readonly string[]>> = {
  admin: allActions,
  analyst: [
    'events:read',
    'hunts:run',
    'alerts:read',
    'alerts:write',
    'ledger:read',
    'health:read',
    'sensors:read',
    'rules:read',
    'rules:write',
    'rules:manage',
    'agents:read',
    'agents:run',
    'agents:stop',
    'sessions:own',
    'settings:read',
    'audit:read',
    'demo:run',
    'devices:read',
    'devices:command',
    'cameras:read',
    'cameras:manage',
    'cameras:export',
  ],
  guard: [
    'events:read',
    'alerts:read',
    'alerts:write',
    'health:read',
    'sensors:read',
    'agents:stop',
    'sessions:own',
    'devices:read',
    'devices:command',
    'cameras:read',
  ],
  viewer: ['events:read', 'alerts:read', 'ledger:read', 'health:read', 'sensors:read', 'agents:run', 'sessions:own'],
  auditor: [
    'events:read',
    'alerts:read',
    'ledger:read',
    'health:read',
    'sensors:read',
    'users:read',
    'agents:read',
    'sessions:own',
    'settings:read',
    'audit:read',
    'rules:read',
    'devices:read',
    'cameras:export',
    'vault:read',
    'personal:read',
  ],
};

function person(roles: readonly string[], assurance: 1 | 2 | 3 = 2): Principal {
  return { kind: 'user', id: 'u1', name: 'Maria', scopes: [], roles, assurance };
}

function key(...scopes: string[]): Principal {
  return { kind: 'key', id: 'k1', name: 'web', scopes };
}

function allows(asked: AccessPolicy, principal: Principal, action: string): boolean {
  return asked.decide({ principal, action, context: network, risk: noRisk }).allowed;
}

test('each role is allowed exactly its actions', () => {
  for (const role of allRoles) {
    for (const action of allActions) {
      assert.equal(allows(policy, person([role]), action), expected[role].includes(action), `${role} ${action}`);
    }
    assert.deepEqual(policy.permissionsOf(person([role])).toSorted(), expected[role].toSorted());
  }
});

test('two roles are allowed what either is', () => {
  const both = policy.permissionsOf(person(['guard', 'auditor']));
  assert.deepEqual(both.toSorted(), [...new Set([...expected.guard, ...expected.auditor])].toSorted());
});

test('nobody is allowed anything by default', () => {
  for (const action of allActions) {
    for (const principal of [person([]), key()]) assert.equal(allows(policy, principal, action), false, action);
  }
  assert.match(policy.decide({ principal: person([]), action: 'alerts:read', context: network }).reason, /No policy/);
});

test('an unknown action, role or scope is denied', () => {
  for (const action of ['', 'alerts', 'alerts:*', 'ALERTS:READ', '__proto__', 'a'.repeat(10_000)]) {
    assert.equal(allows(policy, person(['admin']), action), false, action);
    assert.equal(allows(policy, key(action), action), false, action);
  }
  assert.equal(allows(policy, person(['root']), 'alerts:read'), false);
  assert.equal(allows(policy, person(['viewer', 'root']), 'alerts:read'), false);
  assert.equal(allows(policy, key('alerts:*'), 'alerts:read'), false);
});

test('a key is allowed its scopes and nothing more, whatever roles it claims', () => {
  assert.deepEqual(policy.permissionsOf({ ...key('events:write'), roles: ['admin'], assurance: 3 }), ['events:write']);
});

test('a person without a second factor is allowed nothing, whatever scopes they claim', () => {
  assert.deepEqual(policy.permissionsOf({ ...person(['admin'], 1), scopes: allActions }), []);
  assert.deepEqual(
    policy.permissionsOf({ kind: 'user', id: 'u', name: 'u', scopes: allActions, roles: ['admin'] }),
    [],
  );
});

test('the operator is allowed everything through the socket and nothing over the network', () => {
  const operator: Principal = { kind: 'operator', id: 'local', name: 'operator', scopes: [] };
  assert.deepEqual(policy.permissionsOf(operator), allActions);
  for (const action of allActions) assert.equal(allows(policy, operator, action), false);
});

test('a run of an agent may speak for itself and nothing else, whatever it claims; nobody else may', () => {
  const agent: Principal = {
    kind: 'agent',
    id: 's1',
    name: 'builder',
    scopes: allActions,
    roles: ['admin'],
    assurance: 3,
  };
  assert.deepEqual(policy.permissionsOf(agent), agentActions);
  for (const action of allActions) assert.equal(allows(policy, agent, action), false, action);
  for (const one of [person(['admin'], 3), key(...agentActions), { ...agent, kind: 'device' } as const])
    for (const action of agentActions) assert.equal(allows(policy, one, action), false, one.kind);
});

test('a device is allowed to send and nothing else, whatever it claims; nobody else is allowed to send', () => {
  const device: Principal = { kind: 'device', id: 'd1', name: 'Gate', scopes: ['cameras:send'] };
  const claiming: Principal = { ...device, scopes: allActions, roles: ['admin'], assurance: 3 };
  for (const one of [device, claiming]) {
    assert.deepEqual(policy.permissionsOf(one), deviceActions);
    for (const action of allActions) assert.equal(allows(policy, one, action), false, action);
  }
  const operator: Principal = { kind: 'operator', id: 'local', name: 'local', scopes: allActions };
  for (const other of [...allRoles.map((role) => person([role], 3)), key('cameras:send'), operator])
    for (const channel of ['network', 'socket'] as const)
      assert.equal(policy.decide({ principal: other, action: 'cameras:send', context: { channel } }).allowed, false);
});

test('a decision says in words which policies made it', () => {
  assert.deepEqual(policy.decide({ principal: person(['viewer']), action: 'alerts:read', context: network }), {
    allowed: true,
    reason: 'Viewers look at events, alerts and proofs and change nothing',
    policies: ['role-viewer'],
  });
  const weak = policy.decide({ principal: person(['viewer'], 1), action: 'alerts:read', context: network });
  assert.deepEqual(weak.policies, ['second-factor-required']);
});

test('a policy that fails while deciding denies, also one that forbids', () => {
  const failing =
    '@id("failing") @words("x") forbid(principal, action, resource) when { 9223372036854775807 + FACTOR > 0 };';
  // Valid by type, and an overflow when it runs: nothing a validator can see.
  const broken = createAccessPolicy({
    ...texts,
    policies: [
      ...texts.policies,
      {
        file: 'planted.cedar',
        text: failing
          .replace('forbid(principal,', 'forbid(principal is Sallyport::User,')
          .replace('FACTOR', 'principal.assurance'),
      },
    ],
  });
  const decision = broken.decide({ principal: person(['admin']), action: 'alerts:read', context: network });
  assert.equal(decision.allowed, false);
  assert.match(decision.reason, /"failing" failed/);
  assert.equal(allows(broken, key('alerts:read'), 'alerts:read'), true);
});

test('policies that do not validate are refused', () => {
  const plant = (text: string): (() => AccessPolicy) => {
    return () => createAccessPolicy({ ...texts, policies: [...texts.policies, { file: 'planted.cedar', text }] });
  };
  for (const [text, told] of [
    ['permit(principal, action, resource);', /@id and @words/],
    ['@id("role-admin") @words("x") permit(principal, action, resource);', /stands twice/],
    [
      '@id("x") @words("x") permit(principal is Sallyport::User, action, resource) when { principal.asurance > 1 };',
      /asurance/,
    ],
    ['@id("x") @words("x") permit(principal, action, resource) when { context.chanel == "socket" };', /chanel/],
    ['@id("x") @words("x") permit(principal in Sallyport::Role::"root", action, resource);', /root/],
    [
      '@id("x") @words("x") permit(principal, action == Sallyport::Action::"alerts:delete", resource);',
      /alerts:delete/,
    ],
    ['@id("x") @words("x") @role("root") @name("x") permit(principal, action, resource);', /@role/],
    ['@id("x") @words("x") permit(principal == ?principal, action, resource);', /template/],
    ['permit(', /Cannot load/],
  ] as const) {
    assert.throws(plant(text), (error) => error instanceof Error && told.test(error.message), text);
  }
});

test('a schema with other actions than ours, and a role without a policy, are refused', () => {
  assert.throws(() => createAccessPolicy({ ...texts, schema: texts.schema.replace('"demo:run", ', '') }), {
    code: 'policy_invalid',
  });
  const withoutRoles = texts.policies.filter(({ file }) => file !== 'roles.cedar');
  assert.throws(() => createAccessPolicy({ ...texts, policies: withoutRoles }), /role "admin" has none/);
});

test('decisions stay right when the cache holds fewer than there are, and change with the policies', () => {
  const small = createAccessPolicy(texts, { maxCachedDecisions: 1 });
  for (const role of ['viewer', 'admin', 'viewer', 'admin'] as const) {
    assert.equal(allows(small, person([role]), 'users:manage'), role === 'admin');
  }
  const changed = createAccessPolicy({
    ...texts,
    policies: texts.policies.map(({ file, text }) => ({
      file,
      text: text.replaceAll('"alerts:write",', '"events:read",'),
    })),
  });
  assert.notEqual(changed.version, policy.version);
  assert.equal(allows(changed, person(['guard']), 'alerts:write'), false);
  assert.equal(allows(policy, person(['guard']), 'alerts:write'), true);
});
