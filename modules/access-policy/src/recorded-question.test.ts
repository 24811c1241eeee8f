import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policiesDirectory } from '@sallyport/content';
import type { AccessRequest } from './access-request.ts';
import { createAccessPolicy } from './access-policy.ts';
import { readPolicyTexts } from './policy-texts.ts';
import { readRecordedQuestion, recordQuestion } from './recorded-question.ts';

const bundled = await readPolicyTexts(policiesDirectory);
/** Policies that look at everything there is to look at. */
const own = `@id("o-risk") @words("Not at risk") forbid (principal is Sallyport::User, action, resource) when { principal.risk > 60 };
@id("o-hour") @words("Not at night") forbid (principal is Sallyport::User, action == Sallyport::Action::"rules:read", resource) when { context.hour < 6 || context.weekday == 7 };
@id("o-net") @words("From here alone") forbid (principal is Sallyport::User, action == Sallyport::Action::"keys:manage", resource) unless { context.address.isInRange(ip("10.0.0.0/8")) };
@id("o-quiet") @words("Only what is heard of") forbid (principal is Sallyport::User, action, resource is Sallyport::Camera) when { resource.quietSeconds > 100 || !resource.approved };
@id("o-one") @words("Not this camera") forbid (principal is Sallyport::User, action, resource == Sallyport::Camera::"c-9");
@id("o-bound") @words("Bound alone") forbid (principal is Sallyport::User, action == Sallyport::Action::"audit:read", resource) unless { principal.bound };
@id("o-provider") @words("Ours alone") forbid (principal is Sallyport::User, action == Sallyport::Action::"settings:manage", resource) unless { principal.provider == "local" };
`;
const policy = createAccessPolicy({
  ...bundled,
  policies: [...bundled.policies, { file: 'own/all.cedar', text: own, own: true }],
});

const user = { kind: 'user', id: 'u-1', name: 'ann', scopes: [] } as const;
/** Those that the policies above tell apart, a grave one, and one of devices. */
const actions = 'rules:read keys:manage audit:read settings:manage cameras:read users:manage cameras:send'.split(' ');
const noon = () => ({ hour: 12, weekday: 3 });
const night = () => ({ hour: 3, weekday: 7 });
const principals: readonly AccessRequest['principal'][] = [
  { ...user, roles: ['analyst'], assurance: 2 },
  { ...user, roles: ['admin'], assurance: 3, browserKey: 'thumb', methods: ['passkey'] },
  { ...user, roles: ['admin'], assurance: 1, weakFactor: true, provider: 'p1' },
  {
    ...user,
    roles: [],
    siteRoles: [
      { role: 'guard', site: 'gate' },
      { role: 'analyst', site: 'yard' },
    ],
    assurance: 2,
  },
  { ...user, roles: ['admin'], assurance: 2, limitedTo: ['rules:read', 'cameras:read'] },
  { kind: 'key', id: 'k', name: 'k', scopes: ['cameras:read', 'events:write', 'rules:read'], sites: ['gate'] },
  { kind: 'service', id: 's', name: 's', scopes: ['cameras:read'] },
  { kind: 'operator', id: 'local', name: 'operator', scopes: [] },
  { kind: 'device', id: 'd', name: 'd', scopes: [] },
];
const resources: readonly AccessRequest['resource'][] = [
  undefined,
  { kind: 'site', id: 'gate' },
  { kind: 'camera', id: 'c-9', site: 'gate' },
  { kind: 'camera', id: 'c-1', site: 'yard' },
  { kind: 'device', id: 'd-1', site: 'gate' },
];
const moments = [
  {
    risk: { value: 10, isFresh: true },
    address: '10.1.2.3',
    localTime: noon,
    proofAgeSeconds: undefined,
    quietSeconds: 5,
  },
  {
    risk: { value: 80, isFresh: true },
    address: '2001:db8::/64',
    localTime: night,
    proofAgeSeconds: 0,
    quietSeconds: 500,
  },
  {
    risk: { value: 80, isFresh: false },
    address: '10.1.2.3',
    localTime: noon,
    proofAgeSeconds: 9_000_000_000,
    quietSeconds: 5,
  },
  { risk: undefined, address: undefined, localTime: undefined, proofAgeSeconds: undefined, quietSeconds: undefined },
];

test('a question that was recorded and read again gets the answer it got, whatever policies look at', () => {
  let asked = 0;
  let denied = 0;
  for (const principal of principals)
    for (const resource of resources)
      for (const { risk, quietSeconds, ...context } of moments)
        for (const action of actions) {
          const request: AccessRequest = {
            principal,
            action,
            resource,
            risk,
            context: { channel: principal.kind === 'operator' ? 'socket' : 'network', ...context },
            factsOf: () => ({ kind: 'phone', approved: true, quietSeconds }),
          };
          const { kind, id, name } = principal;
          const said = JSON.parse(JSON.stringify(recordQuestion(request)));
          const again = readRecordedQuestion(said, {
            principal: { kind, id, name },
            address: context.address,
            localTime: context.localTime,
          });
          assert.ok(again !== undefined);
          const [was, is] = [policy.decide(request), policy.decide(again)];
          assert.deepEqual(
            [is.allowed, is.needsProof, is.policies.toSorted()],
            [was.allowed, was.needsProof, was.policies.toSorted()],
            JSON.stringify({ said, context, was, is }),
          );
          asked += 1;
          denied += was.allowed ? 0 : 1;
        }
  assert.ok(denied > 100 && asked - denied > 100, `${denied} of ${asked}`);
});

test('a record that was made up is no question, or one of nobody in particular', () => {
  const about = { principal: { kind: 'user', id: 'u', name: 'u' } as const, address: 'various' };
  for (const value of [undefined, null, 7, 'x', [], {}, { action: 4 }])
    assert.equal(readRecordedQuestion(value, about), undefined);
  const read = readRecordedQuestion(
    {
      action: 'users:manage',
      roles: [1, 'guard'],
      site_roles: [{ role: 'x' }],
      assurance: 9,
      risk: 'none',
      resource: { kind: 'server', id: 4 },
    },
    about,
  );
  assert.deepEqual(read?.principal, { kind: 'user', id: 'u', name: 'u', scopes: [], roles: ['guard'] });
  assert.deepEqual([read?.risk, read?.resource, read?.context], [undefined, undefined, { channel: 'network' }]);
});

test('rights at other sites stay out of the record, but that somebody holds a role does not', () => {
  const siteRoles = Array.from({ length: 200 }, (_, place) => ({ role: 'guard', site: `site ${place}` }));
  const said = recordQuestion({
    principal: { ...user, roles: [], siteRoles },
    action: 'cameras:read',
    resource: { kind: 'camera', id: 'c', site: 'site 7' },
    context: { channel: 'network' },
  });
  assert.deepEqual(said['site_roles'], [{ role: 'guard', site: 'site 7' }]);
  assert.ok(JSON.stringify(said).length < 300);
});
