import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
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

forEachDatabase((name, open) => {
  test(`${name}: whoever comes for the first time gets an account, its roles by exact groups, and again at each sign-in`, async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house, {
      groups: [{ group: 'soc', roles: ['analyst'] }],
      defaultRoles: ['viewer'],
    });
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace', groups: ['soc', 'admin'] });
    const first = await cameInAs(house, neighbour);
    assert.deepEqual([first.name, first.roles, first.assurance], ['grace', ['viewer', 'analyst'], 2]);
    assert.deepEqual(actionsOf(house.events).slice(-4), [
      'user.create',
      'provider.link',
      'user.roles',
      'session.sign-in',
    ]);
    const session = await house.people.sessions.find(first.sessionId ?? '');
    assert.equal(session?.provider?.id, neighbour.provider.id);

    idp.signInAs({ sub: 's-1', preferred_username: 'grace hopper', groups: [] });
    const second = await cameInAs(house, neighbour);
    assert.deepEqual([second.id, second.name, second.roles], [first.id, 'grace', ['viewer']]);
    // What was taken there is gone from the session there was, too.
    const before = await house.people.sessions.recheck(first.sessionId ?? '');
    assert.deepEqual('refused' in before ? before : before.roles, ['viewer']);
  });

  test(`${name}: settings, secrets, links and names are sealed in the database`, async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house);
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 'subject-of-grace', preferred_username: 'grace' });
    await cameInAs(house, neighbour);
    for (const table of ['sign_in_providers', 'sign_in_links'] as const) {
      const rows = await house.database
        .withTables<Record<typeof table, Record<string, unknown>>>()
        .selectFrom(table)
        .selectAll()
        .execute();
      assert.equal(rows.length, 1);
      assert.doesNotMatch(JSON.stringify(rows), /grace|a secret of the tests|127\.0\.0\.1/);
    }
  });

  test(`${name}: of two first sign-ins at once one makes the account and both are it`, async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house);
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace' });
    const trips = [await goThere(house, neighbour), await goThere(house, neighbour)];
    const back = await Promise.all(
      trips.map(({ attempt, back: { search: query } }) =>
        house.flow.return({ providerId: neighbour.provider.id, query, attempt, client: browser }),
      ),
    );
    const ids = back.map((one) =>
      one.kind === 'sign-in' && 'begun' in one.admitted ? one.admitted.begun.principal.id : '',
    );
    assert.ok(ids[0] !== '' && ids[0] === ids[1]);
  });

  test(`${name}: switching a provider off ends its sessions, takes its roles back and stops it; its people stay`, async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house, { groups: [{ group: 'soc', roles: ['analyst'] }] });
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace', groups: ['soc'] });
    const { id, sessionId = '' } = await cameInAs(house, neighbour);
    const off = {
      id: neighbour.provider.id,
      settings: { isEnabled: false },
      secret: undefined,
      accept: [],
      by: operator,
    };
    await house.providers.change(off);
    assert.equal(await house.people.sessions.find(sessionId), undefined);
    assert.deepEqual((await house.people.provided.find(house.database, id))?.providedRoles, []);
    await assert.rejects(goThere(house, neighbour), codeIs('provider_not_found'));
  });
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('a provider’s bare word counts as one factor unless the settings say more, and then the second is asked for here', async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house, {
      assurance: 1,
      groups: [{ group: 'soc', roles: ['analyst'] }],
      trustedMethods: [{ claim: 'hd', value: 'mfa', assurance: 2 }],
    });
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace', groups: ['soc'] });
    const returned = await signIn(house, neighbour);
    assert.ok(returned.kind === 'sign-in' && 'step' in returned.admitted && returned.admitted.step === 'enrol');
    assert.equal(returned.returnPath, '/alerts?state=new');
    idp.signInAs({ sub: 's-1', preferred_username: 'grace', groups: ['soc'], hd: 'mfa' });
    assert.equal((await cameInAs(house, neighbour)).assurance, 2);
  });

  test('a client may sign with its own key in place of a secret, and the new key counts after it was changed', async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house, { clientAuthentication: 'private-key' });
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace' });
    await cameInAs(house, neighbour);
    const { keys } = await house.providers.rotateKey({ id: neighbour.provider.id, by: operator });
    assert.equal(keys.length, 2);
    // The provider has not looked at the new one.
    await assert.rejects(signIn(house, neighbour), codeIs('provider_answer_refused'));
  });

  test('keys that the provider changes are learnt with the first token they sign', async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house);
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace' });
    await cameInAs(house, neighbour);
    await idp.rotateKeys();
    house.clock.advance(6000);
    await cameInAs(house, neighbour);
  });

  test('whoever is signed in links an account there; it is theirs alone, gives its roles, and takes them along when unlinked', async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house, { createsPeople: false, groups: [{ group: 'soc', roles: ['analyst'] }] });
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace', groups: ['soc'] });
    await assert.rejects(signIn(house, neighbour), codeIs('provider_account_unknown'));
    assert.equal(actionsOf(house.events).at(-1), 'session.sign-in:not_linked');
    // Somebody there is, who came in another way.
    const other = await befriend(house, { name: 'Other' });
    await using otherIdp = other.idp;
    otherIdp.signInAs({ sub: 'o-1', preferred_username: 'Ada' });
    const ada = await cameInAs(house, other);
    const purpose = { kind: 'link', userId: ada.id, sessionId: ada.sessionId ?? '' } as const;
    const { attempt, back } = await goThere(house, neighbour, purpose);
    const asked = { providerId: neighbour.provider.id, query: back.search, attempt, client: browser };
    const linked = await house.flow.return(asked);
    assert.ok(linked.kind === 'link' && linked.link.userId === ada.id);
    const came = await cameInAs(house, neighbour);
    assert.deepEqual([came.id, came.name, came.roles], [ada.id, 'Ada', ['analyst']]);
    await house.linking.unlink({ id: linked.link.id, by: ada, ownerId: ada.id });
    assert.equal(await house.people.sessions.find(came.sessionId ?? ''), undefined);
    assert.deepEqual((await house.people.provided.find(house.database, ada.id))?.providedRoles, []);
  });

  test('a trial sign-in tells who it would be and makes nothing', async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house, { isEnabled: false, groups: [{ group: 'soc', roles: ['analyst'] }] });
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace', groups: ['soc', 'staff'] });
    const steps = await house.checks.look(await house.providers.get(neighbour.provider.id));
    assert.deepEqual(
      steps.map(({ name: step, state }) => [step, state]),
      [
        ['metadata', 'good'],
        ['keys', 'good'],
        ['logout', 'good'],
      ],
    );
    const { attempt, back } = await goThere(house, neighbour, { kind: 'trial', userId: 'u' });
    const asked = { providerId: neighbour.provider.id, query: back.search, attempt, client: browser };
    const came = await house.flow.return(asked);
    assert.ok(came.kind === 'trial');
    assert.deepEqual(came.arrival, {
      name: 'grace',
      groups: ['soc', 'staff'],
      roles: ['analyst'],
      assurance: 2,
      person: { kind: 'made', name: 'grace' },
    });
    assert.deepEqual(await house.people.people.list(), []);
  });

  test('an outage is remembered in words until the provider answers again', async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house);
    await using idp = neighbour.idp;
    idp.answerInstead((_request, response) => response.writeHead(503).end());
    await assert.rejects(goThere(house, neighbour), codeIs('provider_unreachable'));
    const { standing } = await house.providers.get(neighbour.provider.id);
    assert.match(standing.lastFailure ?? '', /is answered with status 503/);
    const asked = idp.requests.length;
    await assert.rejects(goThere(house, neighbour), codeIs('provider_unreachable'));
    assert.equal(idp.requests.length, asked, 'it is not asked again at once');
    idp.answerInstead(undefined);
    house.clock.advance(6000);
    await house.checks.probe();
    const again = (await house.providers.get(neighbour.provider.id)).standing;
    assert.ok((again.lastSuccessAtMs ?? 0) > (again.lastFailureAtMs ?? 0));
  });
});
