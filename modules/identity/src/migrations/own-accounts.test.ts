import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { migrate } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { sql } from 'kysely';
import { createColumnKeys } from '../people/people.fixture.ts';
import { createUserStore, nameKeyOf } from '../people/user-store.ts';
import { identityMigrations } from './migrations.ts';

forEachDatabase((name, open) => {
  test(`${name}: what an earlier version stored is kept, sealed, and answers to whoever made it`, async () => {
    const { database } = await open();
    const earlier = Object.fromEntries(
      Object.entries(identityMigrations.migrations).filter(([migration]) => migration < '0003'),
    );
    await migrate(database, [{ module: 'identity', migrations: earlier }]);
    for (const person of ['Ada', 'Zoë'])
      await sql`insert into identity_users (id, name, name_key, roles, created_at_ms, created_by)
        values (${person.length + person}, ${person}, ${nameKeyOf(person)}, 'admin', 5, 'setup')`.execute(database);
    await sql`insert into identity_totp (user_id, sealed_secret, confirmed, last_step, failures)
      values ('3Ada', 'sealed', 1, 7, 2)`.execute(database);
    for (const [id, maker] of [
      ['one', 'user/3Ada'],
      ['two', 'key/one'],
      ['three', 'key/two'],
      ['four', 'operator/local'],
      ['five', 'key/five'],
    ])
      await sql`insert into identity_keys (id, name, scopes, hash, created_at_ms, created_by)
        values (${id}, 'k', 'events:read', ${id}, 1, ${maker})`.execute(database);
    await migrate(database, [identityMigrations]);

    const apps = await sql<Record<string, unknown>>`select * from identity_apps`.execute(database);
    assert.deepEqual(
      apps.rows.map((row) => [row['id'], row['user_id'], row['sealed_secret'], Number(row['last_step'])]),
      [['3Ada', '3Ada', 'sealed', 7]],
    );
    const keys = await sql<{ maker_id: string | null }>`select maker_id from identity_keys order by id`.execute(
      database,
    );
    // By name: five, four, one, three, two. One that claims to have made itself has no maker.
    assert.deepEqual(
      keys.rows.map((row) => row.maker_id),
      [null, null, '3Ada', '3Ada', '3Ada'],
    );

    const users = createUserStore({ key: randomBytes(32), columnKeys: await createColumnKeys(), random: randomBytes });
    assert.equal((await users.takeOver(database)).resealed, 2);
    assert.equal((await users.takeOver(database)).resealed, 0);
    assert.equal((await users.findByName(database, ' ada '))?.name, 'Ada');
    assert.deepEqual(
      (await users.list(database)).map((user) => user.name),
      ['Ada', 'Zoë'],
    );
    const stored = await sql<{ name: string; name_key: string }>`select name, name_key from identity_users`.execute(
      database,
    );
    // Compared whole or decoded: what is sealed may spell "Zo" in base64 by chance.
    for (const { name: sealed, name_key: key } of stored.rows)
      for (const name of ['Ada', 'ada', 'Zoë', 'zoë'])
        for (const text of [sealed, key]) {
          assert.notEqual(text, name);
          assert.ok(!Buffer.from(text, 'base64').includes(name), text);
        }
    // Sealed for one person, it opens for no other.
    await sql`update identity_users set name = (select name from identity_users where id = '3Ada')`.execute(database);
    await assert.rejects(users.find(database, '3Zoë'), { code: 'value_not_authentic' });
  });
});
