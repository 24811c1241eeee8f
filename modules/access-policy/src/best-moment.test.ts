// Whoever is let in at some moment, from somewhere, is told so: whatever else the policies speak of.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policiesDirectory } from '@sallyport/content';
import type { Principal } from '@sallyport/platform/http';
import fc from 'fast-check';
import { createAccessPolicy, readPolicies, readPolicyTexts, type AccessPolicy } from './index.ts';

const texts = await readPolicyTexts(policiesDirectory);
const person = (...roles: string[]): Principal => ({
  kind: 'user',
  id: 'u1',
  name: 'Guy',
  scopes: [],
  roles,
  assurance: 3,
});
const withOwn = (text: string) => ({ ...texts, policies: [...texts.policies, { file: 'own.cedar', text, own: true }] });
const rolePolicy = (role: string, when: string): string =>
  `@id("own-${role}") @words("${role}") @role("${role}") @name("${role}")
   permit(principal in Sallyport::Role::"${role}", action == Sallyport::Action::"users:manage", resource) when { ${when} };`;
const forbid = (id: string, role: string, when: string): string =>
  `@id("${id}") @words("${id}") forbid(principal in Sallyport::Role::"${role}", action, resource) when { ${when} };`;
const released = <Result>(made: AccessPolicy, use: (policy: AccessPolicy) => Result): Result => {
  try {
    return use(made);
  } finally {
    made.release();
  }
};

test('the addresses and hours of one policy are tried however many others speak of other ones', () => {
  const own = [
    forbid('guards', 'guard', '!(6 <= context.hour && context.hour < 22 && context.weekday <= 5)'),
    forbid('analysts', 'analyst', '!(8 <= context.hour && context.hour < 18)'),
    rolePolicy(
      'office',
      'context.address.isInRange(ip("10.0.0.0/8")) || context.address.isInRange(ip("192.168.0.0/16"))',
    ),
    rolePolicy('bunker', 'context.address.isInRange(ip("198.51.100.0/24"))'),
    rolePolicy('sums', 'context.hour * 2 == 34 && [2, 6].contains(context.weekday)'),
    rolePolicy('never', 'context.hour * 2 == 35'),
    rolePolicy(
      'six',
      'context.address.isInRange(ip("2001:db8::/32")) && !context.address.isInRange(ip("2001:db8::/33"))',
    ),
    rolePolicy('cast', 'context.address.isMulticast() && context.address.isIpv6()'),
    rolePolicy('bit', 'context.address == ip("10.1.2.3")'),
    rolePolicy(
      'hole',
      'context.address.isInRange(ip("10.0.0.0/30")) && context.address != ip("10.0.0.0") && context.address != ip("10.0.0.3") && context.address != ip("10.0.0.1")',
    ),
    rolePolicy('else', '(if context.hour > 21 then ip("172.16.0.0/12") else ip("::1")).isInRange(context.address)'),
  ].join('\n');
  released(createAccessPolicy(withOwn(own)), (policy) => {
    for (const role of ['office', 'bunker', 'sums', 'six', 'cast', 'bit', 'hole', 'else'])
      assert.ok(policy.permissionsOf(person(role)).includes('users:manage'), role);
    assert.ok(!policy.permissionsOf(person('never')).includes('users:manage'));
    assert.ok(policy.permissionsOf(person('guard')).includes('cameras:read'));
    const key: Principal = { kind: 'key', id: 'k', name: 'k', scopes: ['users:manage'] };
    assert.deepEqual(policy.permissionsOf({ ...key, onBehalfOf: person('bunker') }), ['users:manage']);
    assert.deepEqual(policy.permissionsOf({ ...key, onBehalfOf: person('never') }), []);
    assert.ok(policy.permissionsOf({ ...person(), grantedRoles: [{ role: 'bunker' }] }).includes('users:manage'));
  });
});

test('what a token was made for is no more at any moment, whatever else was found for the same policies', () => {
  const own = forbid('day', 'admin', 'context.hour < 8');
  released(createAccessPolicy(withOwn(own)), (policy) => {
    const admin: Principal = { ...person('admin'), limitedTo: ['alerts:read'] };
    assert.deepEqual(policy.permissionsOf(admin), ['alerts:read']);
    const key: Principal = {
      kind: 'key',
      id: 'k',
      name: 'k',
      scopes: ['alerts:read', 'users:manage'],
      onBehalfOf: admin,
    };
    assert.deepEqual(policy.permissionsOf(key), ['alerts:read']);
  });
});

test('what would be too much to try is refused with the reason, and what is not is tried wholly', () => {
  const many = (count: number, when: (at: number) => string): string =>
    Array.from({ length: count }, (_none, at) => forbid(`p${at}`, 'viewer', when(at))).join('\n');
  const faultOf = (own: string): string =>
    readPolicies(withOwn(own))
      .faults.map(({ message }) => message)
      .join();
  const networks = (from: number, to: number): string =>
    Array.from({ length: to - from }, (_none, at) => `context.address.isInRange(ip("10.${from + at}.0.0/16"))`).join(
      ' || ',
    );
  const tooMany = [networks(0, 101), networks(101, 200), networks(200, 256)].map((when, at) =>
    forbid(`n${at}`, 'viewer', when),
  );
  assert.equal(faultOf(tooMany.join('\n')), '');
  const others = networks(0, 60).replaceAll('"10.', '"11.');
  assert.match(
    faultOf([...tooMany, forbid('more', 'viewer', others)].join('\n')),
    /name 316 networks and addresses, must be at most 300/,
  );
  const sums = many(200, () => 'context.hour + context.weekday == 9');
  assert.match(faultOf(sums), /tell 33600 moments apart, must be at most 30000/);
  // Fifty of the organisation, each with a place and an hour of its own, and one that lets nobody through whatever the moment.
  const fifty = `${many(50, (at) => `context.address.isInRange(ip("10.${at}.0.0/16")) && context.hour * 2 > ${at}`)}
    ${forbid('ever', 'guard', 'context.hour > 12 || context.hour <= 12')}`;
  released(createAccessPolicy(withOwn(fifty)), (policy) => {
    const usual = released(createAccessPolicy(texts), (plain) => plain.permissionsOf(person('viewer')));
    assert.deepEqual(policy.permissionsOf(person('viewer')), usual);
    assert.deepEqual(policy.permissionsOf(person('viewer', 'guard')), []);
  });
});

test('what is found is what asking at every hour, weekday and kind of address finds', () => {
  const addresses = [
    '10.0.0.1',
    '10.0.0.2',
    '10.0.1.1',
    '10.0.0.9',
    '11.0.0.1',
    '127.0.0.1',
    '2001:db8::1',
    '2001:db9::1',
  ];
  const networks = [
    '10.0.0.0/8',
    '10.0.0.0/24',
    '10.0.0.1',
    '10.0.0.2/32',
    '0.0.0.0/0',
    '2001:db8::/32',
    '::/0',
    '2001:db8::1',
  ];
  const hour = fc.integer({ min: -1, max: 24 });
  const clause = fc.oneof(
    fc.tuple(fc.constantFrom('<', '<=', '>', '>=', '==', '!='), hour).map(([op, n]) => `context.hour ${op} ${n}`),
    fc.tuple(fc.constantFrom('<', '=='), hour).map(([op, n]) => `${n} ${op} context.hour`),
    fc.tuple(fc.constantFrom(2, 3), hour).map(([by, n]) => `context.hour * ${by} == ${n}`),
    fc.constantFrom(1, 2, 3, 4, 5, 6, 7).map((day) => `context.weekday == ${day}`),
    fc.constantFrom('context.hour > context.weekday', 'context.address.isLoopback()', 'context.action == "rules:read"'),
    fc.constantFrom(...networks).map((network) => `context.address.isInRange(ip("${network}"))`),
    fc.constantFrom('10.0.0.1', '2001:db8::1').map((address) => `context.address == ip("${address}")`),
  );
  const when = fc
    .array(fc.tuple(fc.boolean(), clause, fc.constantFrom('&&', '||')), { minLength: 1, maxLength: 3 })
    .map((all) =>
      all.map(([not, one, join], at) => `${at === 0 ? '' : `${join} `}(${not ? '!' : ''}(${one}))`).join(' '),
    );
  const one = fc.record({
    effect: fc.constantFrom('permit', 'forbid'),
    action: fc.constantFrom(
      'action',
      'action == Sallyport::Action::"rules:read"',
      'action == Sallyport::Action::"users:manage"',
    ),
    when,
  });
  const asked = ['rules:read', 'users:manage'] as const;
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 3 }), (made) => {
      const own = made
        .map(
          ({ effect, action, when: said }, at) =>
            `@id("p${at}") @words("p") ${effect}(principal in Sallyport::Role::"viewer", ${action}, resource) when { ${said} };`,
        )
        .join('\n');
      // Cedar's validator refuses what can never be or always is: not what is asked here.
      fc.pre(readPolicies(withOwn(own)).faults.length === 0);
      released(createAccessPolicy(withOwn(own)), (policy) => {
        const allowed = policy.permissionsOf(person('viewer'));
        for (const action of asked) {
          const isEver = addresses.some((address) =>
            Array.from({ length: 24 * 7 }).some((_none, at) => {
              const localTime = () => ({ hour: at % 24, weekday: 1 + Math.floor(at / 24) });
              const { allowed: yes, needsProof } = policy.decide({
                principal: person('viewer'),
                action,
                risk: { value: 0, isFresh: true },
                context: { channel: 'network', address, localTime },
              });
              return yes || needsProof === true;
            }),
          );
          assert.equal(allowed.includes(action), isEver, `${action}: ${own}`);
        }
      });
    }),
    { numRuns: 10 },
  );
});
