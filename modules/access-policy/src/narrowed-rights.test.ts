import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policiesDirectory } from '@sallyport/content';
import type { GrantedRole, Principal } from '@sallyport/platform/http';
import fc from 'fast-check';
import {
  allActions,
  allRoles,
  createAccessPolicy,
  readPolicyTexts,
  readRecordedQuestion,
  recordQuestion,
  siteActions,
  type AccessPolicy,
  type AccessRequest,
  type AccessResource,
} from './index.ts';

const texts = await readPolicyTexts(policiesDirectory);
const policy = createAccessPolicy(texts);
const risk = { value: 0, isFresh: true } as const;
const sites = ['North', 'South'];
const north: AccessResource = { kind: 'camera', id: 'gate', site: 'North' };
const south: AccessResource = { kind: 'camera', id: 'yard', site: 'South' };
const abouts: readonly (AccessResource | undefined)[] = [undefined, north, south];

function person(changes: Partial<Principal>): Principal {
  return { kind: 'user', id: 'u1', name: 'Guy', scopes: [], assurance: 3, methods: ['passkey'], ...changes };
}
function keyOf(onBehalfOf: Principal | undefined, changes: Partial<Principal> = {}): Principal {
  const behind = onBehalfOf === undefined ? {} : { onBehalfOf };
  return { kind: 'key', id: 'k1', name: 'k', scopes: [...allActions], ...behind, ...changes };
}
function may(
  asked: AccessPolicy,
  request: Pick<AccessRequest, 'principal' | 'action'> & Partial<AccessRequest>,
): boolean {
  return asked.decide({ risk, context: { channel: 'network' }, ...request }).allowed;
}
function withPolicy(text: string): AccessPolicy {
  return createAccessPolicy({ ...texts, policies: [...texts.policies, { file: 'planted.cedar', text }] });
}

test('a key and a service do nothing that whoever answers for them may not', () => {
  for (const kind of ['key', 'service'] as const) {
    const ofGuard = keyOf(person({ siteRoles: [{ role: 'guard', site: 'North' }] }), { kind });
    assert.equal(may(policy, { principal: ofGuard, action: 'cameras:read', resource: north }), true);
    assert.equal(may(policy, { principal: ofGuard, action: 'cameras:read', resource: south }), false);
    assert.equal(may(policy, { principal: ofGuard, action: 'cameras:manage', resource: north }), false);
    assert.equal(may(policy, { principal: ofGuard, action: 'users:manage' }), false);
    const reach = policy.reach({ principal: ofGuard, action: 'cameras:read', risk, context: { channel: 'network' } });
    assert.deepEqual([reach.everywhere, reach.sites, reach.covers(south)], [false, ['North'], false]);
    const nobody = keyOf(person({ roles: [] }), { kind });
    assert.deepEqual(policy.permissionsOf(nobody), []);
    assert.deepEqual(policy.permissionsOf(keyOf(person({ roles: ['admin'] }), { kind })), [...allActions]);
  }
  const { reason, policies } = policy.decide({
    principal: keyOf(person({ roles: ['guard'] })),
    action: 'keys:manage',
    risk,
    context: { channel: 'network' },
  });
  assert.match(reason, /^Whoever answers for this key may not: No policy allows "keys:manage"/);
  assert.deepEqual(policies, []);
});

test('whoever narrows people narrows their keys, at that hour and from there', () => {
  const daytime = withPolicy(`@id("by-day") @words("Guards look at cameras by day")
    forbid (principal in Sallyport::Role::"guard", action == Sallyport::Action::"cameras:read", resource)
    when { context.hour < 6 };`);
  const principal = keyOf(person({ roles: ['guard'] }));
  const at = (hour: number): boolean =>
    may(daytime, {
      principal,
      action: 'cameras:read',
      resource: north,
      context: { channel: 'network', localTime: () => ({ hour, weekday: 2 }) },
    });
  assert.deepEqual([at(12), at(3)], [true, false]);
  // Nobody could tell the hour: that is a no, and is said to be no more than that.
  const unsure = daytime.decide({
    principal,
    action: 'cameras:read',
    resource: north,
    risk,
    context: { channel: 'network' },
  });
  assert.deepEqual([unsure.allowed, unsure.isUnsure], [false, true]);
  const { policies } = daytime.explain({
    principal,
    action: 'cameras:read',
    resource: north,
    risk,
    context: { channel: 'network', localTime: () => ({ hour: 3, weekday: 2 }) },
  });
  assert.deepEqual(
    policies.map(({ id }) => id),
    ['by-day'],
  );
});

test('their own risk and an old proof stop no key of theirs: what is grave asks people for a proof', () => {
  const behind = person({ roles: ['admin'], authenticatedAtMs: 0 });
  assert.equal(may(policy, { principal: keyOf(behind), action: 'keys:manage', risk: undefined }), true);
});

test('what is held for single actions counts for these, and at a site there alone', () => {
  const export1 = person({
    roles: ['guard'],
    grantedRoles: [{ role: 'analyst', actions: ['cameras:export'], site: 'North' }],
  });
  assert.equal(may(policy, { principal: export1, action: 'cameras:export', resource: north }), true);
  assert.equal(may(policy, { principal: export1, action: 'cameras:export', resource: south }), false);
  assert.equal(may(policy, { principal: export1, action: 'cameras:export' }), false);
  assert.equal(may(policy, { principal: export1, action: 'cameras:manage', resource: north }), false);
  const everywhere = person({ grantedRoles: [{ role: 'admin', actions: ['keys:manage'] }] });
  assert.deepEqual(policy.permissionsOf(everywhere), ['keys:manage', 'sessions:own']);
  assert.deepEqual(policy.permissionsOf(everywhere, { site: 'North' }), []);
  const atSite = person({ grantedRoles: [{ role: 'admin', site: 'North' }] });
  assert.deepEqual(policy.permissionsOf(atSite, { site: 'North' }).toSorted(), siteActions.toSorted());
  assert.deepEqual(policy.permissionsOf(atSite), ['sessions:own']);
  const none = person({ grantedRoles: [{ role: 'admin', actions: [] }] });
  assert.deepEqual(policy.permissionsOf(none), ['sessions:own']);
});

test('a recorded question is answered again as it was, of a part of a role and of whoever stands behind a key', () => {
  const export1 = person({
    siteRoles: [{ role: 'guard', site: 'North' }],
    grantedRoles: [{ role: 'analyst', actions: ['cameras:export'], site: 'North' }],
  });
  const ofGuard = keyOf(person({ siteRoles: [{ role: 'guard', site: 'North' }] }));
  const narrowed = { ...ofGuard, scopes: [], madeFor: [...allActions], sites: ['North'] };
  for (const principal of [export1, ofGuard, narrowed])
    for (const action of ['cameras:export', 'cameras:read', 'users:manage'])
      for (const resource of abouts) {
        const request: AccessRequest = { principal, action, resource, risk, context: { channel: 'network' } };
        const again = readRecordedQuestion(recordQuestion(request), { principal });
        assert.ok(again);
        assert.equal(policy.decide(again).allowed, policy.decide(request).allowed, JSON.stringify([action, resource]));
      }
});

test('no part of a role, of a key or of a person behind it is ever more than the whole', () => {
  const role = fc.constantFrom(...allRoles);
  const siteRole = fc.record({ role, site: fc.constantFrom(...sites) });
  const held = fc.record({
    roles: fc.uniqueArray(role, { maxLength: 2 }),
    siteRoles: fc.array(siteRole, { maxLength: 2 }),
  });
  const action = fc.constantFrom(...siteActions, 'users:manage', 'keys:manage', 'audit:read');
  const resource = fc.constantFrom<AccessResource | undefined>(undefined, north, south, { kind: 'site', id: 'North' });
  const part: fc.Arbitrary<GrantedRole> = fc
    .record({
      role,
      site: fc.option(fc.constantFrom(...sites)),
      actions: fc.option(fc.uniqueArray(action, { maxLength: 3 })),
    })
    .map(({ role: id, site, actions }) => ({
      role: id,
      ...(site === null ? {} : { site }),
      ...(actions === null ? {} : { actions }),
    }));
  fc.assert(
    fc.property(
      held,
      part,
      action,
      resource,
      fc.option(fc.subarray(sites)),
      fc.uniqueArray(action),
      (own, granted, asked, about, keySites, scopes) => {
        const on = { action: asked, resource: about };
        const maker = person(own);
        const key = keyOf(maker, { scopes, ...(keySites === null ? {} : { sites: keySites }) });
        const { onBehalfOf: _none, ...alone } = key;
        assert.equal(
          may(policy, { principal: key, ...on }),
          may(policy, { principal: alone, ...on }) && may(policy, { principal: maker, ...on }),
        );
        const withPart = may(policy, { principal: person({ ...own, grantedRoles: [granted] }), ...on });
        const withWhole = may(policy, { principal: person({ ...own, roles: [...own.roles, granted.role] }), ...on });
        assert.ok(!withPart || withWhole);
        assert.ok(withPart || !may(policy, { principal: maker, ...on }));
        if (!may(policy, { principal: maker, ...on }) && withPart) {
          assert.ok(granted.actions?.includes(asked) !== false);
          const site =
            about !== undefined && 'site' in about ? about.site : about?.kind === 'site' ? about.id : undefined;
          assert.ok(granted.site === undefined || granted.site === site);
        }
      },
    ),
    { numRuns: 150 },
  );
});
