// What somebody at a provider would become here, and must not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import fc from 'fast-check';
import { claimAt, claimValues, rolesOf } from './claims.ts';
import {
  actionsOf,
  befriend,
  browser,
  cameInAs,
  codeIs,
  goThere,
  openHouse,
  operator,
  signIn,
} from './providers.fixture.ts';
import { safeReturnPath } from './return-path.ts';
import { freshSettings } from './schema.ts';

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('nobody becomes somebody by their name or address: an account is linked by issuer and subject alone', async () => {
    const house = await openHouse(open);
    const { token } = await house.people.people.invite({ name: 'ada@example.org', roles: ['admin'], by: operator });
    assert.ok(token.length > 0);
    const neighbour = await befriend(house, { groups: [{ group: 'soc', roles: ['analyst'] }] });
    await using idp = neighbour.idp;
    for (const claims of [
      { preferred_username: 'ada@example.org' },
      { preferred_username: ' ADA@example.org' },
      { email: 'ada@example.org', email_verified: true },
      { preferred_username: 'ａｄａ@example.org' },
    ]) {
      idp.signInAs({ sub: 'mallory', groups: ['soc'], ...claims });
      await assert.rejects(signIn(house, neighbour), codeIs('provider_account_unknown'));
      assert.equal(actionsOf(house.events).at(-1), 'session.sign-in:name_taken');
    }
    assert.deepEqual(
      (await house.people.people.list()).map(({ name: known }) => known),
      ['ada@example.org'],
    );
  });

  test('the same subject of another provider is another person', async () => {
    const house = await openHouse(open);
    const [one, two] = [await befriend(house), await befriend(house, { name: 'Two' })];
    await using first = one.idp;
    await using second = two.idp;
    first.signInAs({ sub: 's-1', preferred_username: 'grace' });
    second.signInAs({ sub: 's-1', preferred_username: 'mallory' });
    assert.notEqual((await cameInAs(house, one)).id, (await cameInAs(house, two)).id);
  });

  test('whoever is reset is nobody by a provider’s word any more, and has nothing by it; unless they who reset want it so', async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house, { groups: [{ group: 'soc', roles: ['analyst'] }] });
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace', groups: ['soc'] });
    const { id } = await cameInAs(house, neighbour);
    await house.people.people.reset({ id, keepsLinks: true, by: operator });
    assert.equal((await house.linking.list({ userId: id })).length, 1);
    assert.deepEqual((await house.people.people.list())[0]?.providedRoles, ['analyst']);
    await house.people.people.reset({ id, by: operator });
    assert.deepEqual(await house.linking.list({ userId: id }), []);
    assert.deepEqual((await house.people.people.list())[0]?.providedRoles ?? [], []);
    assert.ok(actionsOf(house.events).includes('provider.unlink'));
    // Whoever holds the account there is refused by the name alone, as any stranger is.
    await assert.rejects(signIn(house, neighbour), codeIs('provider_account_unknown'));
    assert.equal(actionsOf(house.events).at(-1), 'session.sign-in:name_taken');
  });

  test('whoever a provider vouches for and the session is refused leaves an event with the reason', async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house, { groups: [{ group: 'soc', roles: ['analyst'] }] });
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace', groups: ['soc'] });
    await cameInAs(house, neighbour);
    const rule = async (browserKey: 'allowed' | 'required'): Promise<void> => {
      const analyst = { role: 'analyst', idleMinutes: 10, lifetimeMinutes: 60, maxSessions: 1, browserKey };
      const policy = { roles: [analyst], whenTooMany: 'ask' } as const;
      await house.people.sessionPolicies.change({ policy, by: operator });
    };
    await rule('allowed');
    await assert.rejects(signIn(house, neighbour), codeIs('sessions_exceeded'));
    assert.equal(actionsOf(house.events).at(-1), 'session.sign-in:sessions_exceeded');
    await rule('required');
    await assert.rejects(signIn(house, neighbour), codeIs('browser_key_required'));
    assert.equal(actionsOf(house.events).at(-1), 'session.sign-in:browser_key_required');
  });

  test('a group called like a role of ours gives nothing unless somebody mapped exactly it', async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house, { groups: [{ group: 'Admins', roles: ['admin'] }] });
    await using idp = neighbour.idp;
    idp.signInAs({
      sub: 's-1',
      preferred_username: 'mallory',
      groups: ['admin', 'admins', 'ADMINS', ' Admins', 'Admins '],
    });
    assert.deepEqual((await cameInAs(house, neighbour)).roles, []);
    idp.signInAs({ sub: 's-1', preferred_username: 'mallory', groups: 'Admins' });
    assert.deepEqual((await cameInAs(house, neighbour)).roles, ['admin']);
    fc.assert(
      fc.property(fc.array(fc.string()), (groups) => {
        const settings = { ...freshSettings('oidc'), groups: [{ group: 'soc', roles: ['analyst'] }] };
        assert.deepEqual(rolesOf(groups, settings), groups.includes('soc') ? ['analyst'] : []);
      }),
    );
  });

  test('an administrator by a provider is not the one that must remain, and a mapping to administrators must be meant', async () => {
    const house = await openHouse(open);
    const settings = {
      ...freshSettings('oidc'),
      name: 'Example',
      issuer: 'https://id.example.org',
      clientId: 'c',
      groups: [{ group: 'Admins', roles: ['admin'] }],
    };
    const asked = { settings, secret: 's', by: operator };
    await assert.rejects(house.providers.create({ ...asked, accept: [] }), codeIs('provider_unaccepted'));
    await house.providers.create({ ...asked, accept: ['maps_administrators'] });
    const guard = { kind: 'user', id: 'g', name: 'Gus', scopes: [], roles: ['guard'], assurance: 3 } as const;
    await assert.rejects(
      house.providers.create({ ...asked, by: guard, accept: ['maps_administrators'] }),
      codeIs('provider_role_widened'),
    );
    assert.equal(await house.people.setup.needed(), true);
  });

  test('whoever lacks what is required does not come in, however long they are known', async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house);
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace' });
    const { sessionId = '' } = await cameInAs(house, neighbour);
    const settings = { requiredClaims: [{ claim: 'hd', value: 'example.org' }] };
    const asked = { id: neighbour.provider.id, settings, secret: undefined, accept: [], by: operator };
    await house.providers.change(asked);
    assert.equal(await house.people.sessions.find(sessionId), undefined, 'who is in may lack it, too');
    for (const hd of [undefined, 'example.com', 'EXAMPLE.org']) {
      idp.signInAs({ sub: 's-1', preferred_username: 'grace', hd });
      await assert.rejects(signIn(house, neighbour), codeIs('provider_account_unknown'));
    }
    idp.signInAs({ sub: 's-1', preferred_username: 'grace', hd: 'example.org' });
    await cameInAs(house, neighbour);
  });

  test('a mapping that is taken away takes with it what it gave, and who is in by it is out', async () => {
    const house = await openHouse(open);
    const groups = [
      { group: 'soc', roles: ['analyst'] },
      { group: 'gate', roles: ['guard'] },
    ];
    const neighbour = await befriend(house, { groups });
    await using idp = neighbour.idp;
    const asked = { id: neighbour.provider.id, secret: undefined, accept: [], by: operator };
    idp.signInAs({ sub: 's-1', preferred_username: 'grace', groups: ['soc'] });
    const { id, sessionId = '' } = await cameInAs(house, neighbour);
    const now = async (): Promise<readonly (readonly string[] | boolean)[]> => [
      (await house.people.provided.find(house.database, id))?.providedRoles ?? [],
      (await house.people.sessions.find(sessionId)) !== undefined,
    ];
    await house.providers.change({ ...asked, settings: { groups: [...groups, { group: 'x', roles: ['viewer'] }] } });
    assert.deepEqual(await now(), [['analyst'], true], 'more for others changes nothing');
    await house.providers.change({ ...asked, settings: { groups: groups.slice(1) } });
    assert.deepEqual(await now(), [[], false]);
    assert.deepEqual((await cameInAs(house, neighbour)).roles, []);
  });

  test('whoever the provider does not vouch for any more has nothing left by its word at another door', async () => {
    const house = await openHouse(open);
    const required = [{ claim: 'hd', value: 'example.org' }];
    const neighbour = await befriend(house, {
      groups: [{ group: 'soc', roles: ['analyst'] }],
      requiredClaims: required,
    });
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace', groups: ['soc'], hd: 'example.org' });
    const { id, sessionId = '' } = await cameInAs(house, neighbour);
    idp.signInAs({ sub: 's-1', preferred_username: 'grace', groups: ['soc'] });
    await assert.rejects(signIn(house, neighbour), codeIs('provider_account_unknown'));
    assert.deepEqual((await house.people.provided.find(house.database, id))?.providedRoles, []);
    assert.equal(await house.people.sessions.find(sessionId), undefined);
  });

  test('groups do not hand out together what nobody may hold together', async () => {
    const house = await openHouse(open, {
      refuseRoles: async (_person, roles) => {
        if (roles.includes('auditor') && roles.includes('analyst'))
          throw Object.assign(new Error('not together'), { code: 'privilege_separated' });
      },
    });
    const groups = [
      { group: 'soc', roles: ['analyst'] },
      { group: 'audit', roles: ['auditor'] },
    ];
    const neighbour = await befriend(house, { groups });
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace', groups: ['soc'] });
    const { id, sessionId = '' } = await cameInAs(house, neighbour);
    idp.signInAs({ sub: 's-1', preferred_username: 'grace', groups: ['soc', 'audit'] });
    await assert.rejects(signIn(house, neighbour), codeIs('provider_account_unknown'));
    assert.ok(actionsOf(house.events).includes('session.sign-in:roles_separated'));
    assert.deepEqual((await house.people.provided.find(house.database, id))?.providedRoles, []);
    assert.equal(await house.people.sessions.find(sessionId), undefined);
    // Nor is somebody made who would begin with both.
    idp.signInAs({ sub: 's-2', preferred_username: 'other', groups: ['soc', 'audit'] });
    await assert.rejects(signIn(house, neighbour), codeIs('provider_account_unknown'));
    assert.equal((await house.people.people.list()).length, 1);
  });

  test('whoever stands between a provider that is switched off and a second factor does not come in', async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house, { assurance: 1 });
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace' });
    const returned = await signIn(house, neighbour);
    assert.ok(returned.kind === 'sign-in' && 'enrolment' in returned.admitted, JSON.stringify(returned));
    const { enrolment } = returned.admitted;
    const goOn = (): Promise<unknown> => house.people.enrolment.beginTotp({ enrolment });
    await goOn();
    const settings = { isEnabled: false };
    await house.providers.change({ id: neighbour.provider.id, settings, secret: undefined, accept: [], by: operator });
    await assert.rejects(goOn(), codeIs('ticket_invalid'));
  });

  test('somebody disabled here stays out, whatever the provider says', async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house);
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace' });
    const { id } = await cameInAs(house, neighbour);
    await house.people.people.change({ id, disabled: true, by: operator });
    await assert.rejects(signIn(house, neighbour), codeIs('provider_account_unknown'));
    assert.equal(actionsOf(house.events).at(-1), 'session.sign-in:may_not_sign_in');
  });

  test('an account cannot be linked to a second person, nor by a session that has ended', async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house);
    await using idp = neighbour.idp;
    const other = await befriend(house, { name: 'Other' });
    await using otherIdp = other.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace' });
    await cameInAs(house, neighbour);
    otherIdp.signInAs({ sub: 'm', preferred_username: 'mallory' });
    const mallory = await cameInAs(house, other);
    const purpose = { kind: 'link', userId: mallory.id, sessionId: mallory.sessionId ?? '' } as const;
    const link = async (): Promise<unknown> => {
      const { attempt, back } = await goThere(house, neighbour, purpose);
      const asked = { providerId: neighbour.provider.id, query: back.search, attempt, client: browser };
      return house.flow.return(asked);
    };
    await assert.rejects(link(), codeIs('provider_link_taken'));
    await house.people.sessions.end({ id: purpose.sessionId, by: mallory, anybodys: false });
    idp.signInAs({ sub: 's-2', preferred_username: 'free' });
    await assert.rejects(link(), codeIs('provider_attempt_invalid'));
  });

  test('only who may do all that somebody may links an account to them', async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house, { groups: [{ group: 'a', roles: ['admin'] }] });
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'ada', groups: ['a'] });
    const ada = await cameInAs(house, neighbour);
    const guard = { kind: 'user', id: 'g', name: 'Gus', scopes: [], roles: ['guard'], assurance: 3 } as const;
    const asked = { providerId: neighbour.provider.id, userId: ada.id, subject: 'mallory' };
    await assert.rejects(house.linking.linkFor({ ...asked, by: guard }), codeIs('provider_role_widened'));
    await house.linking.linkFor({ ...asked, by: operator });
    await assert.rejects(house.linking.linkFor({ ...asked, by: operator }), codeIs('provider_link_taken'));
  });
});

test('a path to return to is one of this console or its beginning, however it is written', () => {
  for (const path of ['/', '/alerts?state=new#x', '/people/providers', '/search?q=%2F%2Fevil.example'])
    assert.equal(safeReturnPath(path), path);
  for (const path of [
    undefined,
    '',
    'alerts',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/a\\b',
    'https://evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
    '/\n/evil.example',
    '/.//evil.example',
    '/x/..//evil.example',
    '/%2e%2e//evil.example',
    '/v1/session',
    '/sign-in/provider/x',
    `/${'a'.repeat(600)}`,
  ])
    assert.equal(safeReturnPath(path), '/', JSON.stringify(path));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc.string().map((text) => `/${text}`),
      ),
      (text) => {
        const url = new URL(safeReturnPath(text), 'https://console.example');
        assert.equal(url.origin, 'https://console.example');
      },
    ),
  );
});

test('any claims are read without harm, and nothing inherited is a claim', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (claims, name) => {
      const read = JSON.parse(JSON.stringify(claims));
      assert.ok(claimValues(read, name).every((value) => typeof value === 'string'));
    }),
  );
  assert.equal(claimAt({}, 'constructor'), undefined);
  assert.equal(claimAt({ a: {} }, 'a.toString'), undefined);
  assert.deepEqual(claimValues({ realm_access: { roles: ['x', 1, {}] } }, 'realm_access.roles'), ['x', '1']);
  assert.deepEqual(claimValues({ 'https://e/groups': ['y'] }, 'https://e/groups'), ['y']);
});
