import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { sql } from 'kysely';
import { deriveKey, seal } from '../factors/sealing.ts';
import { moveIn, moveInAdministrator, openHouse, ticketFor, type House } from './people.fixture.ts';

const tables = ['users', 'sessions', 'passkeys', 'apps', 'settings'] as const;

/** Every row of the tables with encrypted columns, as it stands in the database. */
async function storedText(house: House): Promise<string> {
  const found = await Promise.all(
    tables.map((table) => sql`select * from ${sql.table(`identity_${table}`)}`.execute(house.database)),
  );
  return JSON.stringify(found.map(({ rows }) => rows));
}

async function addPasskey(house: House, userId: string, label: string): Promise<void> {
  await sql`insert into identity_passkeys (id, user_id, host_name, public_key, counter, transports, label, created_at_ms)
    values ('pk-1', ${userId}, 'localhost', 'AA', 0, '', ${label}, 1)`.execute(house.database);
}

forEachDatabase((name, open) => {
  test(`${name}: names, labels and clients that an earlier version wrote are taken over, once`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    // As the version before this one left them: a name and a client sealed with the key of their kind, labels in the clear.
    const nameSeal = seal(deriveKey(house.key, 'user name'), Buffer.from('Ada'), ada.id, randomBytes(12));
    await sql`update identity_users set name = ${nameSeal}, name_key = 'f0', sealed = 1`.execute(house.database);
    const session = ada.begun.session.id;
    const client = seal(
      deriveKey(house.key, 'session client'),
      Buffer.from('192.0.2.7\nOld/1.0'),
      session,
      randomBytes(12),
    );
    await sql`update identity_sessions set sealed_client = ${client}`.execute(house.database);
    await sql`update identity_apps set label = 'Spare telephone'`.execute(house.database);
    // The seed as it was sealed by hand, bound to its owner.
    const seed = randomBytes(20);
    const seedSeal = seal(deriveKey(house.key, 'totp seed'), seed, ada.id, randomBytes(12));
    await sql`update identity_apps set sealed_secret = ${seedSeal}`.execute(house.database);
    await sql`insert into identity_settings (name, value) values ('organization', 'Lighthouse Trust')`.execute(
      house.database,
    );
    await addPasskey(house, ada.id, 'Keyring of the vault');
    await assert.rejects(house.people.list(), { code: 'value_not_sealed' });

    const restarted = house.again();
    const taken = await restarted.sealStored();
    assert.ok(taken.every(({ damaged, done }) => damaged === 0 && done));
    // What no earlier version had is there too, and has nothing to take over.
    assert.deepEqual(
      taken.filter(({ resealed }) => resealed > 0).map(({ table, resealed }) => [table, resealed]),
      tables.map((table) => [`identity_${table}`, 1]),
    );
    assert.ok((await restarted.sealStored()).every(({ resealed }) => resealed === 0));
    const text = await storedText(house);
    assert.doesNotMatch(text, /telephone|Keyring|192\.0\.2\.7|Old\/1|Lighthouse|localhost/);
    for (const former of [nameSeal, seedSeal, seed.toString('base64')]) assert.ok(!text.includes(former));
    assert.equal(await restarted.organization.read(), 'Lighthouse Trust');

    assert.deepEqual(
      (await restarted.people.list()).map((person) => person.name),
      ['Ada'],
    );
    assert.ok(await ticketFor(restarted, ' ADA '), 'found by name again');
    const factors = await restarted.ownFactors.list(ada.begun.principal);
    const labels = JSON.stringify(factors);
    for (const label of ['Spare telephone', 'Keyring of the vault']) assert.ok(labels.includes(label), labels);
  });

  test(`${name}: the keys of the columns are replaced while everybody works, and the older ones forgotten`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    await house.columnKeys.rotate();
    const guy = await moveIn(house, 'Guy', ['guard']);
    assert.deepEqual(
      (await house.people.list()).map((person) => person.name),
      ['Ada', 'Guy'],
    );
    assert.ok(await ticketFor(house, 'ada'), 'found while her name is indexed by the older key');
    await assert.rejects(house.people.invite({ name: 'ADA', roles: ['guard'], by: guy.begun.principal }));
    const progress = await house.sealStored();
    assert.ok(progress.every(({ done, version, damaged }) => done && version === 2 && damaged === 0));
    await house.columnKeys.forgetOlder();
    assert.deepEqual(
      (await house.people.list()).map((person) => person.name),
      ['Ada', 'Guy'],
    );
    assert.ok(await ticketFor(house, 'ada'));
    assert.ok('principal' in (await house.sessions.authenticate(ada.begun.token.reveal())));
  });

  test(`${name}: a person's name put on another, and a session's client in another's place, are shown for what they are`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    // Both columns at once: Ada's name now leads to Guy's account and password.
    const { rows } = await sql<{ name: string; name_key: string }>`
      select name, name_key from identity_users where id = ${ada.id}`.execute(house.database);
    await sql`update identity_users set name_key = 'gone' where id = ${ada.id}`.execute(house.database);
    await sql`update identity_users set name_key = ${rows[0]?.name_key ?? ''} where id = ${guy.id}`.execute(
      house.database,
    );
    await assert.rejects(ticketFor(house, 'Ada'), { code: 'index_mismatch' });
    await sql`update identity_users set name = ${rows[0]?.name ?? ''} where id = ${guy.id}`.execute(house.database);
    await assert.rejects(ticketFor(house, 'Ada'), {
      code: 'value_not_authentic',
      details: { table: 'identity_users', column: 'name', row: guy.id },
    });
    await sql`update identity_sessions set sealed_client =
      (select sealed_client from identity_sessions where user_id = ${ada.id}) where user_id = ${guy.id}`.execute(
      house.database,
    );
    await assert.rejects(house.sessions.authenticate(guy.begun.token.reveal()), { code: 'value_not_authentic' });
  });
});
