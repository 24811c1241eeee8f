import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { migrate, type Database } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { sql } from 'kysely';
import { createApiKeys } from '../index.ts';
import {
  begunOf,
  elsewhere,
  goodPassword,
  moveIn,
  moveInAdministrator,
  openHouse,
  operator,
  ticketFor,
  whoIs,
} from '../people/people.fixture.ts';
import { identityMigrations } from './migrations.ts';

/** What the version before had no columns for. */
const newer: Readonly<Record<string, readonly string[]>> = {
  identity_users: ['provided_roles', 'site_roles', 'password_refused_at_ms'],
  identity_apps: [],
  identity_recovery_codes: [],
  identity_settings: [],
  identity_sessions: [
    'sealed_key',
    'provider',
    'provider_session',
    'provider_session_key',
    'next_methods',
    'next_assurance',
  ],
  identity_tickets: ['shown'],
  identity_keys: ['previous_hash', 'networks', 'previous_ends_at_ms', 'previous_used_at_ms', 'rotated_at_ms', 'sites'],
};

async function copyTo(older: Database, from: Database): Promise<void> {
  for (const [table, missing] of Object.entries(newer)) {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)}`.execute(from);
    for (const row of rows) {
      const entries = Object.entries(row).filter(([column]) => !missing.includes(column));
      const columns = sql.join(entries.map(([column]) => sql.ref(column)));
      const values = sql.join(entries.map(([, value]) => value));
      await sql`insert into ${sql.table(table)} (${columns}) values (${values})`.execute(older);
    }
  }
}

forEachDatabase((name, open) => {
  test(`${name}: whoever had an account, a session, a link or a key with the version before has it with this one`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    await moveIn(house, 'Guy', ['guard']);
    const { token: link } = await house.people.invite({ name: 'Zoë', roles: ['viewer'], by: operator });
    const key = await house.apiKeys.createKey({ name: 'camera 7', scopes: ['events:write'], by: operator });
    const halfway = await ticketFor(house, 'Guy');

    const { database } = await open();
    const before = Object.entries(identityMigrations.migrations).filter(([migration]) => migration < '0004');
    await migrate(database, [{ module: 'identity', migrations: Object.fromEntries(before) }]);
    await copyTo(database, house.database);
    await migrate(database, [identityMigrations]);
    const now = house.again({ database });
    await now.sealStored();

    assert.equal(await whoIs(now, ada.begun.token.reveal()), 'Ada');
    const people = (await now.people.list()).map((person) => [person.name, person.state, person.roles.join(' ')]);
    assert.deepEqual(people, [
      ['Ada', 'active', 'admin'],
      ['Guy', 'active', 'guard'],
      ['Zoë', 'invited', 'viewer'],
    ]);
    // What was begun with the version before says not what was shown: it is begun again.
    await assert.rejects(now.signIn.withCode({ kind: 'totp', ticket: halfway, code: ada.code(), client: elsewhere }), {
      code: 'ticket_invalid',
    });
    house.clock.advance(60_000);
    const ticket = await ticketFor(now, 'Ada');
    const begun = begunOf(await now.signIn.withCode({ kind: 'totp', ticket, code: ada.code(), client: elsewhere }));
    assert.deepEqual(begun.principal.scopes, ada.begun.principal.scopes);
    const again = await ticketFor(now, 'Ada');
    const [code = ''] = ada.recoveryCodes;
    begunOf(await now.signIn.withCode({ kind: 'recovery', ticket: again, code, client: elsewhere }));
    assert.ok((await now.people.accept({ token: link, password: goodPassword })).enrolment !== '');
    const { clock, columnKeys } = house;
    const outbox = { record: async () => undefined, flushed: async () => undefined };
    const keys = createApiKeys({ database, outbox, clock, columnKeys, random: randomBytes });
    const known = await keys.authenticate(key.token.reveal(), { address: '192.0.2.7' });
    assert.ok('scopes' in known && known.scopes.includes('events:write'), JSON.stringify(known));
  });
});
