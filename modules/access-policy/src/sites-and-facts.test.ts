import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policiesDirectory } from '@sallyport/content';
import type { Principal } from '@sallyport/platform/http';
import {
  allActions,
  allRoles,
  createAccessPolicy,
  readPolicyTexts,
  siteActions,
  type AccessPolicy,
  type AccessRequest,
  type AccessResource,
  type ResourceFacts,
} from './index.ts';

const texts = await readPolicyTexts(policiesDirectory);
const policy = createAccessPolicy(texts);
const risk = { value: 0, isFresh: true } as const;
const north: AccessResource = { kind: 'camera', id: 'gate', site: 'North' };
const south: AccessResource = { kind: 'camera', id: 'yard', site: 'South' };

function person(changes: Partial<Principal>): Principal {
  return { kind: 'user', id: 'u1', name: 'Guy', scopes: [], assurance: 2, ...changes };
}

const guardOfNorth = person({ siteRoles: [{ role: 'guard', site: 'North' }] });

function may(
  asked: AccessPolicy,
  request: Partial<AccessRequest> & Pick<AccessRequest, 'principal' | 'action'>,
): boolean {
  return asked.decide({ risk, context: { channel: 'network' }, ...request }).allowed;
}

function withPolicy(text: string): AccessPolicy {
  return createAccessPolicy({ ...texts, policies: [...texts.policies, { file: 'planted.cedar', text }] });
}

test('a role held at a site counts for what stands at this site, and for nothing else', () => {
  for (const action of ['cameras:read', 'alerts:write', 'devices:command', 'events:read']) {
    assert.equal(may(policy, { principal: guardOfNorth, action, resource: north }), true, action);
    assert.equal(may(policy, { principal: guardOfNorth, action, resource: { kind: 'site', id: 'North' } }), true);
    const elsewhere: readonly (AccessResource | undefined)[] = [
      undefined,
      south,
      { kind: 'server' },
      { kind: 'camera', id: 'gate' },
      { kind: 'camera', id: 'gate', site: '' },
      { kind: 'camera', id: 'gate', site: 'north' },
      { kind: 'camera', id: 'North', site: 'South' },
      { kind: 'site', id: '' },
    ];
    for (const resource of elsewhere)
      assert.equal(may(policy, { principal: guardOfNorth, action, resource }), false, JSON.stringify(resource));
  }
  assert.equal(may(policy, { principal: guardOfNorth, action: 'cameras:manage', resource: north }), false);
  const adminOfNorth = person({ siteRoles: [{ role: 'admin', site: 'North' }] });
  assert.deepEqual(policy.permissionsOf(adminOfNorth, { site: 'North' }).toSorted(), siteActions.toSorted());
  assert.deepEqual(policy.permissionsOf(adminOfNorth), ['sessions:own']);
});

test('a role held everywhere counts at every site, and one at a site adds to it there', () => {
  const viewer = person({ roles: ['viewer'], siteRoles: [{ role: 'analyst', site: 'South' }] });
  assert.equal(may(policy, { principal: viewer, action: 'alerts:read', resource: north }), true);
  assert.equal(may(policy, { principal: viewer, action: 'cameras:export', resource: south }), true);
  assert.equal(may(policy, { principal: viewer, action: 'cameras:export', resource: north }), false);
});

test('a key and a service account may be for some sites alone, whatever their scopes', () => {
  for (const kind of ['key', 'service'] as const) {
    const everywhere: Principal = { kind, id: 'k', name: 'k', scopes: ['cameras:read', 'users:manage'] };
    const narrowed: Principal = { ...everywhere, sites: ['North'] };
    assert.equal(may(policy, { principal: everywhere, action: 'cameras:read', resource: south }), true);
    assert.equal(may(policy, { principal: narrowed, action: 'cameras:read', resource: north }), true);
    assert.equal(may(policy, { principal: narrowed, action: 'cameras:read', resource: south }), false);
    assert.equal(may(policy, { principal: narrowed, action: 'cameras:read' }), false);
    assert.equal(may(policy, { principal: narrowed, action: 'users:manage' }), false);
    const nowhere = { ...narrowed, sites: [] };
    assert.equal(may(policy, { principal: nowhere, action: 'cameras:read', resource: north }), false);
  }
});

test('reach says how far a right goes, policies of the organisation counted in', () => {
  const context = { channel: 'network' } as const;
  const reach = policy.reach({ principal: guardOfNorth, action: 'cameras:read', context, risk });
  assert.deepEqual([reach.everywhere, reach.sites, reach.isNothing], [false, ['North'], false]);
  assert.deepEqual(['North', 'South', '', undefined].map(reach.includes), [true, false, false, false]);
  assert.equal(reach.covers({ kind: 'camera', id: 'gate', site: 'North' }), true);
  assert.equal(reach.covers({ kind: 'camera', id: 'gate' }), false);
  const nothing = policy.reach({ principal: guardOfNorth, action: 'cameras:manage', context, risk });
  assert.equal(nothing.isNothing, true);

  const vault = withPolicy(
    '@id("own-vault") @words("Nobody watches the vault") forbid(principal, action, resource in Sallyport::Site::"Vault");',
  );
  const admin = vault.reach({ principal: person({ roles: ['admin'] }), action: 'cameras:read', context, risk });
  assert.deepEqual([admin.everywhere, admin.except], [true, ['Vault']]);
  assert.deepEqual(['Vault', 'North', undefined].map(admin.includes), [false, true, true]);

  const one = withPolicy(
    '@id("own-gate") @words("Guy sees the gate") permit(principal == Sallyport::User::"u1", action == Sallyport::Action::"cameras:read", resource == Sallyport::Camera::"gate");',
  );
  const gate = one.reach({ principal: person({ roles: [] }), action: 'cameras:read', context, risk });
  assert.equal(gate.isNothing, false);
  assert.equal(gate.covers({ kind: 'camera', id: 'gate', site: 'South' }), true);
  assert.equal(gate.covers({ kind: 'camera', id: 'yard', site: 'South' }), false);
});

test('facts count where a policy speaks of them, and one that is missing is a no', () => {
  const at = (more: Partial<AccessRequest['context']>, asked: AccessPolicy): boolean =>
    may(asked, {
      principal: person({ roles: ['admin'] }),
      action: 'users:manage',
      context: { channel: 'network', ...more },
    });
  const office = withPolicy(
    '@id("own-office") @words("From the office") forbid(principal is Sallyport::User, action == Sallyport::Action::"users:manage", resource) when { !context.address.isInRange(ip("10.0.0.0/8")) };',
  );
  assert.equal(at({ address: '10.1.2.3' }, office), true);
  for (const address of ['11.1.2.3', '2001:db8::/64', undefined, 'local', '10.1.2.3, 8.8.8.8', ''])
    assert.equal(at({ address }, office), false, address);
  // A blocklist does not open because nobody can tell where somebody is.
  const blocked = withPolicy(
    '@id("own-block") @words("Not from there") forbid(principal is Sallyport::User, action == Sallyport::Action::"users:manage", resource) when { context.address.isInRange(ip("203.0.113.0/24")) };',
  );
  assert.equal(at({ address: '10.0.0.1' }, blocked), true);
  for (const address of ['203.0.113.9', undefined]) assert.equal(at({ address }, blocked), false, address);
  const day = withPolicy(
    '@id("own-day") @words("By day") forbid(principal is Sallyport::User, action, resource) when { context.hour < 8 || context.weekday > 5 };',
  );
  assert.equal(at({ localTime: () => ({ hour: 9, weekday: 1 }) }, day), true);
  assert.equal(at({ localTime: () => ({ hour: 7, weekday: 1 }) }, day), false);
  assert.equal(at({ localTime: () => ({ hour: 9, weekday: 6 }) }, day), false);
  for (const localTime of [undefined, () => undefined]) assert.equal(at({ localTime }, day), false);
  // Remembered answers are of the same facts.
  assert.equal(at({ localTime: () => ({ hour: 9, weekday: 1 }) }, day), true);
});

test('a camera that has been quiet, is not approved or of which nothing is known is none to a policy that asks', () => {
  const fresh = withPolicy(
    '@id("own-quiet") @words("Heard of lately") forbid(principal is Sallyport::User, action == Sallyport::Action::"devices:command", resource) when { resource is Sallyport::Camera && (resource.quietSeconds > 600 || !resource.approved) };',
  );
  const command = (facts: ResourceFacts | undefined): boolean =>
    may(fresh, { principal: guardOfNorth, action: 'devices:command', resource: north, factsOf: () => facts });
  assert.equal(command({ approved: true, quietSeconds: 600 }), true);
  for (const facts of [
    { approved: true, quietSeconds: 601 },
    { approved: false, quietSeconds: 1 },
    { approved: true, quietSeconds: Number.NaN },
    { approved: true, quietSeconds: -1 },
    { approved: true },
    { quietSeconds: 1 },
    undefined,
  ])
    assert.equal(command(facts), false, JSON.stringify(facts));
});

test('only what policies speak of is asked for', () => {
  const context = {
    channel: 'network',
    localTime: () => assert.fail('nobody speaks of the hour'),
  } as const;
  const factsOf = (): never => assert.fail('nobody speaks of cameras');
  for (const action of allActions)
    policy.decide({ principal: guardOfNorth, action, context, resource: north, factsOf, risk });
});

test('a policy that asks whether a fact is known, to do without it, is refused', () => {
  for (const text of [
    '@id("x") @words("x") forbid(principal, action, resource) when { context has hour && context.hour < 8 };',
    '@id("x") @words("x") permit(principal, action, resource) unless { context has address };',
    '@id("x") @words("x") forbid(principal, action, resource) when { resource has approved && !resource.approved };',
  ])
    assert.throws(() => withPolicy(text), /not known is a no by itself/, text);
});

test('each scope alone, and each role at a site alone, opens its actions and no others', () => {
  for (const scope of allActions)
    for (const action of allActions) {
      const principal: Principal = { kind: 'key', id: 'k', name: 'k', scopes: [scope] };
      assert.equal(may(policy, { principal, action }), action === scope, `${scope} for ${action}`);
    }
  for (const role of allRoles)
    for (const action of allActions) {
      const held = person({ siteRoles: [{ role, site: 'North' }] });
      const isHeld = may(policy, { principal: person({ roles: [role] }), action });
      const isAtSite = siteActions.some((one) => one === action);
      assert.equal(may(policy, { principal: held, action }), action === 'sessions:own', `${role} for ${action}`);
      assert.equal(
        may(policy, { principal: held, action, resource: north }),
        isHeld && isAtSite,
        `${role} for ${action}`,
      );
      assert.equal(may(policy, { principal: held, action, resource: south }), false, `${role} for ${action}`);
    }
});

test('what somebody may do at some hour, from somewhere or at no risk is told as what they may, and at a moment as what they may then', () => {
  const admin = person({ roles: ['admin'] });
  const viewer = person({ roles: ['viewer'] });
  const usual = policy.permissionsOf(admin);
  const everywhere = '(principal is Sallyport::User, action, resource)';
  for (const when of [
    'context.hour < 8',
    'context.hour == 13 || context.hour != 22',
    'context.weekday > 5 || context.hour < 8 || context.hour > 18',
    '!context.address.isInRange(ip("10.0.0.0/8"))',
    '!context.address.isInRange(ip("10.0.0.0/8")) || context.address.isInRange(ip("10.0.0.0/16"))',
    'context.address != ip("2001:db8:7::1")',
    'context.address.isLoopback()',
    '!context.address.isInRange(ip("192.0.2.0/24")) || context.hour < 22 || context.weekday != 7',
    'principal.risk > 30 || !principal.riskFresh',
  ]) {
    const asked = withPolicy(`@id("own-when") @words("When") forbid${everywhere} when { ${when} };`);
    assert.equal(asked.asksForMoment, true, when);
    assert.deepEqual(asked.permissionsOf(admin), usual, when);
    assert.deepEqual(asked.permissionsOf(viewer), policy.permissionsOf(viewer), when);
    // What nobody can tell is a no at that moment.
    assert.deepEqual(asked.permissionsOf(admin, { context: { channel: 'network' } }), [], when);
  }
  const byDay = withPolicy(`@id("own-day") @words("By day") forbid${everywhere} when { context.hour < 8 };`);
  for (const [hour, expected] of [
    [7, []],
    [8, usual],
  ] as const) {
    const context = { channel: 'network', localTime: () => ({ hour, weekday: 1 }) } as const;
    assert.deepEqual(byDay.permissionsOf(admin, { context, risk }), expected, String(hour));
  }
  // A permit at some hour is a right, what is never allowed is none, and a key has what the person behind it has at some hour.
  const atNight = withPolicy(
    '@id("own-night") @words("At night") permit(principal in Sallyport::Role::"viewer", action == Sallyport::Action::"rules:read", resource) when { context.hour >= 22 };',
  );
  assert.ok(atNight.permissionsOf(viewer).includes('rules:read'));
  const never = withPolicy(
    `@id("own-never") @words("Never") forbid${everywhere} when { context.hour < 8 || context.hour >= 0 };`,
  );
  assert.deepEqual(never.permissionsOf(admin), []);
  const key: Principal = { kind: 'key', id: 'k', name: 'k', scopes: ['users:read', 'rules:read'], onBehalfOf: viewer };
  assert.deepEqual(atNight.permissionsOf(key), ['rules:read']);
  assert.equal(policy.asksForMoment, false);
  byDay.release();
  assert.deepEqual(byDay.permissionsOf(admin), []);
});

test('a role that is only good at some hour is not given away by whoever lacks it, whatever hour it is', () => {
  const byDay = withPolicy(
    '@id("own-day") @words("By day") forbid(principal is Sallyport::User, action, resource) when { context.hour < 8 };',
  );
  const given = byDay.permissionsOf({
    kind: 'user',
    id: 'somebody',
    name: '',
    scopes: [],
    roles: ['admin'],
    assurance: 3,
  });
  assert.ok(given.includes('users:manage'));
  assert.ok(given.some((action) => !byDay.permissionsOf(person({ roles: ['analyst'] })).includes(action)));
});
