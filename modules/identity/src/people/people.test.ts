import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { sql } from 'kysely';
import { createApiKeys } from '../index.ts';
import {
  actionsOf,
  codeOf,
  elsewhere,
  goodPassword,
  local,
  moveIn,
  moveInAdministrator,
  openHouse,
  operator,
  policy,
  setupToken,
  signInWithApp,
  whoIs,
} from './people.fixture.ts';

const linkInvalid = { code: 'link_invalid' };

forEachDatabase((name, open) => {
  test(`${name}: the link makes the first administrator, whom nothing serves before a second factor`, async () => {
    const house = await openHouse(open);
    assert.equal(await house.setup.needed(), true);
    const link = await house.setup.link('http://localhost:8470/');
    assert.match(link ?? '', /^http:\/\/localhost:8470\/setup#[\w-]{43}$/);
    const ada = await moveInAdministrator(house);
    assert.equal(await house.setup.needed(), false);
    assert.equal(await house.setup.link('http://localhost:8470'), undefined);
    assert.deepEqual(ada.begun.principal.roles, ['admin']);
    assert.equal(ada.begun.principal.assurance, 2);
    assert.equal(ada.recoveryCodes.length, 10);
    assert.deepEqual(actionsOf(house.events), ['user.create', 'user.factor', 'session.sign-in']);
  });

  test(`${name}: a setup link that was used, is old, was replaced or was made up is refused`, async () => {
    const house = await openHouse(open);
    const create = (token: string): Promise<unknown> =>
      house.setup.createAdministrator({ token, name: 'Eve', password: goodPassword, client: local });
    const replaced = await setupToken(house);
    const old = await setupToken(house);
    await assert.rejects(create(replaced), linkInvalid);
    house.clock.advance(30 * 60_000);
    for (const token of [old, '', 'x'.repeat(43)]) await assert.rejects(create(token), linkInvalid);
    const used = await setupToken(house);
    await create(used);
    await assert.rejects(create(used), linkInvalid);
    const both = await setupToken(house);
    const raced = await Promise.allSettled([create(both), create(both)]);
    assert.deepEqual(raced.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  });

  test(`${name}: nobody sets up from another machine, and a weak password leaves the link good`, async () => {
    const house = await openHouse(open);
    const request = { token: await setupToken(house), name: 'Ada', password: goodPassword, client: local };
    await assert.rejects(house.setup.createAdministrator({ ...request, client: elsewhere }), {
      code: 'setup_not_local',
    });
    for (const password of ['short', 'a'.repeat(20), 'a'.repeat(257), 'my name is Ada Lovelace'])
      await assert.rejects(house.setup.createAdministrator({ ...request, name: 'Ada Lovelace', password }), {
        code: 'password_weak',
      });
    await assert.rejects(house.setup.createAdministrator({ ...request, name: 'a\u202eb' }), {
      code: 'user_name_invalid',
    });
    await house.setup.createAdministrator({ ...request, organization: ' Old Mill ' });
    assert.equal(await house.organization.read(), 'Old Mill');
  });

  test(`${name}: a setup link is of no use once there is an administrator`, async () => {
    const house = await openHouse(open);
    const unfinished = await setupToken(house);
    await house.setup.createAdministrator({ token: unfinished, name: 'Ada', password: goodPassword, client: local });
    const token = await setupToken(house);
    await moveIn(house, 'Bea', ['admin']);
    await assert.rejects(
      house.setup.createAdministrator({ token, name: 'Eve', password: goodPassword, client: local }),
      linkInvalid,
    );
  });

  test(`${name}: an invitation is good once and for 72 hours, and a new one replaces it`, async () => {
    const house = await openHouse(open);
    const invite = { name: 'Guy', roles: ['guard'], by: operator };
    const accept = (token: string): Promise<unknown> => house.people.accept({ token, password: goodPassword });
    const replaced = await house.people.invite(invite);
    const old = await house.people.invite(invite);
    await assert.rejects(accept(replaced.token), linkInvalid);
    house.clock.advance(72 * 3_600_000);
    await assert.rejects(accept(old.token), linkInvalid);
    const { token } = await house.people.invite(invite);
    await assert.rejects(house.people.accept({ token, password: 'short' }), { code: 'password_weak' });
    await accept(token);
    await assert.rejects(accept(token), linkInvalid);
    assert.equal((await house.people.list()).find((person) => person.name === 'Guy')?.state, 'enrolling');
    // Whoever never came as far as a second factor is invited again, under whatever spelling of the name.
    const { enrolment } = await house.people.accept({
      token: (await house.people.invite({ ...invite, name: 'ＧＵＹ' })).token,
      password: goodPassword,
    });
    assert.deepEqual(
      (await house.people.list()).map((person) => person.state),
      ['enrolling'],
    );
    const { secret } = await house.enrolment.beginTotp({ enrolment });
    const code = codeOf(secret, house.clock.nowMs());
    await house.enrolment.confirmTotp({ enrolment, code, client: local });
    await assert.rejects(house.people.invite(invite), { code: 'user_exists' });
  });

  test(`${name}: a link tells whom it is for, by whom, and stays good; anything else tells nothing`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const by = ada.begun.principal;
    const { token, expiresAtMs } = await house.people.invite({ name: 'Ben Okafor', roles: ['analyst'], by });
    const told = {
      name: 'Ben Okafor',
      roles: ['analyst'],
      siteRoles: [],
      invitedBy: 'Ada',
      isReset: false,
      expiresAtMs,
    };
    assert.deepEqual(await house.people.look({ token }), told);
    assert.deepEqual(await house.people.look({ token }), told);
    for (const wrong of ['', 'x'.repeat(43), `${token}x`, token.slice(1), token.toUpperCase()])
      await assert.rejects(house.people.look({ token: wrong }), linkInvalid);
    const { enrolment } = await house.people.accept({ token, password: goodPassword });
    for (const other of [token, enrolment]) await assert.rejects(house.people.look({ token: other }), linkInvalid);
    const { token: ofOperator } = await house.people.invite({ name: 'Guy', roles: ['guard'], by: operator });
    assert.equal((await house.people.look({ token: ofOperator })).invitedBy, undefined);
    house.clock.advance(72 * 3_600_000);
    await assert.rejects(house.people.look({ token: ofOperator }), linkInvalid);
  });

  test(`${name}: whoever was reset is told so, not that somebody invited them`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const { token } = await house.people.reset({ id: guy.id, by: ada.begun.principal });
    const { isReset, invitedBy } = await house.people.look({ token });
    assert.deepEqual([isReset, invitedBy], [true, undefined]);
  });

  test(`${name}: tickets of one purpose are nothing for another`, async () => {
    const house = await openHouse(open);
    const { token } = await house.people.invite({ name: 'Guy', roles: ['guard'], by: operator });
    const setup = await setupToken(house);
    await assert.rejects(house.people.accept({ token: setup, password: goodPassword }), linkInvalid);
    await assert.rejects(house.enrolment.beginTotp({ enrolment: token }), { code: 'ticket_invalid' });
    const { enrolment } = await house.people.accept({ token, password: goodPassword });
    await assert.rejects(house.signIn.withCode({ kind: 'recovery', ticket: enrolment, code: 'x', client: local }), {
      code: 'ticket_invalid',
    });
    assert.equal(await whoIs(house, enrolment), 'session_unknown');
  });

  test(`${name}: new roles hold at once, in a running session, under a new token`, async () => {
    const house = await openHouse(open);
    await moveInAdministrator(house);
    const vera = await moveIn(house, 'Vera', ['viewer']);
    const token = vera.begun.token.reveal();
    await house.people.change({ id: vera.id, roles: ['analyst', 'guard', 'guard'], by: operator });
    const answer = await house.sessions.authenticate(token);
    assert.ok(!('refused' in answer));
    assert.deepEqual(answer.principal.roles, ['analyst', 'guard']);
    assert.ok(answer.principal.scopes.includes('rules:manage'));
    assert.notEqual(answer.renewed?.reveal() ?? token, token);
    assert.equal(actionsOf(house.events).at(-1), 'user.roles');
  });

  test(`${name}: disabling ends sessions and tickets at once, and enabling brings nothing of them back`, async () => {
    const house = await openHouse(open);
    await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const second = await signInWithApp(house, guy);
    await house.people.change({ id: guy.id, disabled: true, by: operator });
    for (const { token } of [guy.begun, second]) assert.equal(await whoIs(house, token.reveal()), 'session_unknown');
    await assert.rejects(signInWithApp(house, guy), { code: 'credentials_wrong' });
    const { state } = await house.people.change({ id: guy.id, disabled: false, by: operator });
    assert.equal(state, 'active');
    assert.equal(await whoIs(house, guy.begun.token.reveal()), 'session_unknown');
    assert.equal((await signInWithApp(house, guy)).principal.name, 'Guy');
  });

  test(`${name}: a disabled person whose session row came back is still refused`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    await sql`update identity_users set disabled_at_ms = 1`.execute(house.database);
    assert.equal(await whoIs(house, ada.begun.token.reveal()), 'user_disabled');
  });

  test(`${name}: the last administrator can be neither disabled nor demoted, also when two try at once`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const last = { code: 'last_administrator' };
    await assert.rejects(house.people.change({ id: ada.id, disabled: true, by: operator }), last);
    await assert.rejects(house.people.change({ id: ada.id, roles: ['auditor'], by: operator }), last);
    // Invited is not yet somebody who can let others in.
    await house.people.invite({ name: 'Ben', roles: ['admin'], by: operator });
    await assert.rejects(house.people.change({ id: ada.id, disabled: true, by: operator }), last);
    const bea = await moveIn(house, 'Bea', ['admin']);
    const raced = await Promise.allSettled(
      [ada, bea].map(({ id }) => house.people.change({ id, disabled: true, by: operator })),
    );
    assert.deepEqual(raced.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  });

  test(`${name}: nobody resets or disables a break-glass account, not even the operator, before it is given up`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const bo = await moveIn(house, 'Bo', ['viewer']);
    const sealed = new Set([bo.id]);
    const { people } = house.again({ isSealedAccount: async (id) => sealed.has(id) });
    const own = { code: 'sealed_account' };
    for (const by of [ada.begun.principal, operator]) {
      await assert.rejects(people.reset({ id: bo.id, by }), own);
      await assert.rejects(people.change({ id: bo.id, disabled: true, by }), own);
    }
    await people.change({ id: bo.id, disabled: false, by: ada.begun.principal });
    assert.equal(await whoIs(house, bo.begun.token.reveal()), 'Bo');
    sealed.clear();
    await people.change({ id: bo.id, disabled: true, by: operator });
  });

  test(`${name}: nobody gives a role that may do more than they`, async () => {
    const house = await openHouse(open);
    await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const widened = { code: 'role_grant_widened' };
    const manager: Principal = { kind: 'key', id: 'k', name: 'sync', scopes: ['users:manage', 'sessions:own'] };
    for (const by of [guy.begun.principal, manager]) {
      await assert.rejects(house.people.invite({ name: 'Eve', roles: ['admin'], by }), widened);
      await assert.rejects(house.people.change({ id: guy.id, roles: ['admin'], by }), widened);
    }
    for (const roles of [[], ['root'], ['admin ', 'guard'], ['__proto__']])
      await assert.rejects(house.people.change({ id: guy.id, roles, by: operator }), { code: 'role_unknown' });
    await assert.rejects(house.people.change({ id: 'nobody', by: operator }), { code: 'user_not_found' });
    assert.deepEqual(policy.permissionsOf(guy.begun.principal), guy.begun.principal.scopes);
  });

  test(`${name}: a person creates keys within their rights, and none once these have changed`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const bea = await moveIn(house, 'Bea', ['admin']);
    const outbox = { record: async () => undefined, flushed: async () => undefined };
    const apiKeys = createApiKeys({
      database: house.database,
      outbox,
      clock: house.clock,
      columnKeys: house.columnKeys,
      random: randomBytes,
    });
    const by = ada.begun.principal;
    const { key } = await apiKeys.createKey({ name: 'web', scopes: ['events:write'], by });
    assert.equal(key.createdBy, `user/${ada.id}`);
    const widened = { code: 'key_grant_widened' };
    const guy = await moveIn(house, 'Guy', ['guard']);
    await assert.rejects(
      apiKeys.createKey({ name: 'web', scopes: ['events:write'], by: guy.begun.principal }),
      widened,
    );
    await house.people.change({ id: ada.id, roles: ['viewer'], by: bea.begun.principal });
    await assert.rejects(apiKeys.createKey({ name: 'web', scopes: ['events:write'], by }), widened);
    await house.people.change({ id: ada.id, roles: ['admin'], disabled: true, by: bea.begun.principal });
    await assert.rejects(apiKeys.createKey({ name: 'web', scopes: ['events:write'], by }), widened);
  });

  test(`${name}: no secret stands in the database or in an event`, async () => {
    const house = await openHouse(open);
    const setup = await setupToken(house);
    const { enrolment } = await house.setup.createAdministrator({
      token: setup,
      name: 'Ada',
      password: goodPassword,
      client: local,
    });
    const { secret } = await house.enrolment.beginTotp({ enrolment });
    const invitation = await house.people.invite({ name: 'Guy', roles: ['guard'], by: operator });
    const ada = await moveIn(house, 'Bea', ['admin']);
    const texts = [JSON.stringify(house.events), JSON.stringify(await house.people.list())];
    for (const table of ['users', 'apps', 'passkeys', 'recovery_codes', 'sessions', 'tickets', 'settings']) {
      const { rows } = await sql`select * from ${sql.table(`identity_${table}`)}`.execute(house.database);
      texts.push(JSON.stringify(rows));
    }
    const secrets = [goodPassword, setup, enrolment, secret, invitation.token, ada.begun.token.reveal()];
    for (const text of texts) {
      for (const hidden of [
        ...secrets,
        ...ada.recoveryCodes,
        ...ada.recoveryCodes.map((code) => code.replaceAll('-', '')),
      ])
        assert.ok(!text.includes(hidden), hidden);
    }
    assert.doesNotMatch(texts[1] ?? '', /argon2/);
    // Who works here, and from where, is nobody's business who has the file alone.
    for (const text of texts.slice(2))
      assert.doesNotMatch(text, /"(?:Ada|Guy|Bea|ada|guy|bea)"|127\.0\.0\.1|Test\/1\.0/);
  });

  test(`${name}: the organisation is renamed by whoever may, with an event`, async () => {
    const house = await openHouse(open);
    assert.equal(await house.organization.read(), undefined);
    assert.equal(await house.organization.rename({ organization: 'Old Mill', by: operator }), 'Old Mill');
    await house.organization.rename({ organization: 'Old Mill', by: operator });
    assert.deepEqual(actionsOf(house.events), ['settings.change']);
    await assert.rejects(house.organization.rename({ organization: ' ', by: operator }), {
      code: 'organization_invalid',
    });
    assert.equal(await house.organization.rename({ organization: null, by: operator }), undefined);
    assert.equal(await house.organization.read(), undefined);
  });
});
