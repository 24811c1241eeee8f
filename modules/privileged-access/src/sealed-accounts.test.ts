// Whoever writes to the database, and has no key, makes sealed codes open nothing else, nobody else, and not again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { abroad, office, openPrivilegeHouse } from './privileges.fixture.ts';
import type { PrivilegeHouse } from './privileges.fixture.ts';
import { createSecurityKey } from './security-key.fixture.ts';
import type { SecurityKey } from './security-key.fixture.ts';

const refused = { code: 'break_glass_refused' };
const lonely = { code: 'break_glass_no_passkey' };
const who = { person: 'Grace', reason: 'The provider is down', client: abroad };

const write = (house: PrivilegeHouse, change: RawBuilder<unknown>): Promise<unknown> => change.execute(house.database);

/** Rows of a table as they are, to be put back later. */
async function copied(house: PrivilegeHouse, ...tables: readonly string[]): Promise<() => Promise<void>> {
  const copies: (readonly [string, readonly Record<string, string | number | null>[]])[] = [];
  for (const table of tables) {
    const found = await sql<Record<string, string | number | null>>`select * from ${sql.table(table)}`.execute(
      house.database,
    );
    copies.push([table, found.rows]);
  }
  return async () => {
    for (const [table, rows] of copies) {
      await write(house, sql`delete from ${sql.table(table)}`);
      for (const row of rows) {
        const names = sql.join(Object.keys(row).map((name) => sql.ref(name)));
        await write(house, sql`insert into ${sql.table(table)} (${names}) values (${sql.join(Object.values(row))})`);
      }
    }
  };
}

async function addTo(
  house: PrivilegeHouse,
  id: string,
  by: Principal,
  key = createSecurityKey(),
): Promise<SecurityKey> {
  const { breakGlass } = house.privileges;
  const response = key.create(await breakGlass.creationOptions({ id, by, client: office }));
  await breakGlass.addPasskey({ id, by, client: office, label: 'blue key', response });
  return key;
}

forEachDatabase((name, open) => {
  test(`codes that were used, or were replaced, open nothing again when their rows are put back on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const ada = house.moveIn('Ada', ['admin'], 'key-a');
    const { breakGlass } = house.privileges;
    const { id, codes } = await breakGlass.prepare({ label: 'vault room', by: ada });
    const { codes: others } = await breakGlass.prepare({ label: 'safe', by: ada });
    const [before] = (
      await sql<{ first_hash: string; second_hash: string }>`
      select first_hash, second_hash from privilege_break_glass where id = ${id}`.execute(house.database)
    ).rows;
    assert.ok(before);
    const putBackRow = await copied(house, 'privilege_break_glass');
    const putBackAll = await copied(house, 'privilege_break_glass', 'privilege_roll');
    await breakGlass.open({ ...codes, ...who });

    const hashes = await sql<{ hash: string }>`select first_hash || second_hash as hash from privilege_break_glass
      where id = ${id}`.execute(house.database);
    assert.deepEqual(hashes.rows, [{ hash: '' }], 'nothing is left of them');
    await write(house, sql`update privilege_break_glass set opened_at_ms = null where id = ${id}`);
    await assert.rejects(breakGlass.open({ ...codes, ...who }), refused);
    const { first_hash: first, second_hash: second } = before;
    await write(
      house,
      sql`update privilege_break_glass set first_hash = ${first}, second_hash = ${second} where id = ${id}`,
    );
    await assert.rejects(breakGlass.open({ ...codes, ...who }), refused);
    await putBackRow();
    await assert.rejects(breakGlass.open({ ...codes, ...who }), refused);
    const again = await house.restart();
    await assert.rejects(again.privileges.breakGlass.open({ ...codes, ...who }), refused);
    // It is told, and shown as what it is: good for nothing.
    const account = (await again.privileges.breakGlass.list()).find((one) => one.id === id);
    assert.deepEqual([account?.isAltered, account?.openedAtMs === undefined], [true, false]);
    again.clock.advance(24 * 3_600_000);
    await again.privileges.remind();
    assert.match(JSON.stringify(house.events.at(-1)), /break-glass.unsealed.*"because":"altered"/);

    // With the roll of before, the vault finds it out: while it runs, and at a start. No other codes are believed then, either.
    await putBackAll();
    await assert.rejects(again.privileges.breakGlass.open({ ...codes, ...who }), refused);
    const third = await again.restart();
    const told = house.events.map(({ event }) => JSON.stringify(event));
    assert.equal(told.filter((one) => /privilege.set-back.*accounts that sealed codes open/.test(one)).length, 1);
    for (const one of [codes, others])
      await assert.rejects(third.privileges.breakGlass.open({ ...one, ...who }), refused);
    const fresh = await third.privileges.breakGlass.seal({ id, by: ada });
    assert.match(JSON.stringify(house.events.at(-1)), /"was_altered":true/);
    await putBackAll();
    await third.privileges.sweep();
    await assert.rejects(third.privileges.breakGlass.open({ ...fresh, ...who }), refused);
    const last = await third.privileges.breakGlass.seal({ id, by: ada });
    // What becomes of rights held for a time is another number: it leaves codes as they are.
    await write(house, sql`delete from privilege_roll where name = 'open'`);
    const fourth = await third.restart();
    await fourth.privileges.breakGlass.open({ ...last, ...who });
  });

  test(`an account that is made to stand for somebody else opens nobody's, and giving it up disables nobody, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const ada = house.moveIn('Ada', ['admin'], 'key-a');
    const ben = house.moveIn('Ben', ['admin'], 'key-b');
    const { breakGlass } = house.privileges;
    const { id, codes } = await breakGlass.prepare({ label: 'vault room', by: ada });
    await write(house, sql`update privilege_break_glass set user_id = ${ben.id} where id = ${id}`);
    await assert.rejects(breakGlass.open({ ...codes, ...who }), refused);
    await assert.rejects(breakGlass.drill({ id, by: ada, client: office, ...codes }), refused);
    assert.equal([...house.sessions.values()].filter(({ userId }) => userId === ben.id).length, 1);
    // As an earlier version wrote it, once there is a roll.
    const older = sealText(house.sealing, `break-glass/${id}`, 'vault room');
    await write(house, sql`update privilege_break_glass set sealed = ${older} where id = ${id}`);
    await assert.rejects((await house.restart()).privileges.breakGlass.open({ ...codes, ...who }), refused);
    await assert.rejects(breakGlass.seal({ id, by: ada }), { code: 'break_glass_not_found' });
    await assert.rejects(breakGlass.retire({ id, by: { ...ada, grantIds: ['a-grant'] } }), {
      code: 'break_glass_borrowed',
    });
    await breakGlass.retire({ id, by: ada });
    assert.ok(house.people.has(ben.id));
  });

  test(`a passkey that was removed and put back opens nothing, and the kind of codes is what was sealed, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const ada = house.moveIn('Ada', ['admin'], 'key-a');
    const { breakGlass } = house.privileges;
    const { id, codes } = await breakGlass.prepare({ label: 'vault room', by: ada });
    const key = await addTo(house, id, ada);
    const answer = async (of = key) => of.answer(await breakGlass.requestOptions(abroad));
    const putBack = await copied(house, 'privilege_break_glass_passkeys');
    await breakGlass.removePasskey({ id, passkeyId: key.id, by: ada });
    await putBack();
    assert.deepEqual(await breakGlass.passkeys(), []);
    await assert.rejects(breakGlass.open({ first: codes.first, passkey: await answer(), ...who }), refused);
    await assert.rejects(breakGlass.seal({ id, needsPasskey: true, by: ada }), lonely);
    await addTo(house, id, ada, key);

    // Made ordinary by hand: neither a drill nor the guard of the last passkey goes by it.
    const guarded = await breakGlass.seal({ id, needsPasskey: true, by: ada });
    const drilled = { id, by: ada, client: office };
    await write(house, sql`update privilege_break_glass set needs_passkey = 0`);
    await assert.rejects(breakGlass.removePasskey({ id, passkeyId: key.id, by: ada }));
    await assert.rejects(breakGlass.drill({ ...drilled, first: guarded.first, passkey: await answer() }), refused);
    await write(house, sql`update privilege_break_glass set needs_passkey = 1`);
    await assert.rejects(breakGlass.removePasskey({ id, passkeyId: key.id, by: ada }), lonely);
    const next = await breakGlass.drill({ ...drilled, first: guarded.first, passkey: await answer() });
    assert.match(JSON.stringify(house.events.at(-1)), /break-glass.drill.*"needs_passkey":true/);
    await assert.rejects(breakGlass.open({ ...next, ...who }), { code: 'break_glass_passkey_needed' });

    // And the other way: codes are never sealed so that nothing opens them.
    const other = await breakGlass.prepare({ label: 'safe', by: ada });
    await write(house, sql`update privilege_break_glass set needs_passkey = 1 where id = ${other.id}`);
    const sealed = await breakGlass.seal({ id: other.id, by: ada });
    const tried = await breakGlass.drill({ ...drilled, id: other.id, ...sealed });
    assert.match(JSON.stringify(house.events.at(-1)), /"needs_passkey":false/);
    await breakGlass.open({ ...tried, ...who });
  });

  test(`accounts of an earlier version are taken over once, and not for somebody who holds something, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const ada = house.moveIn('Ada', ['admin'], 'key-a');
    const { breakGlass } = house.privileges;
    const kept = await breakGlass.prepare({ label: 'vault room', by: ada });
    const key = await addTo(house, kept.id, ada);
    const turned = await breakGlass.prepare({ label: 'safe', by: ada });
    for (const [id, label] of [
      [kept.id, 'vault room'],
      [turned.id, 'safe'],
    ] as const) {
      const older = sealText(house.sealing, `break-glass/${id}`, label);
      await write(house, sql`update privilege_break_glass set sealed = ${older} where id = ${id}`);
    }
    await write(house, sql`update privilege_break_glass set user_id = ${ada.id} where id = ${turned.id}`);
    await write(house, sql`delete from privilege_roll where name = 'codes'`);
    house.vault.codes = 0;
    const again = await house.restart();
    const { breakGlass: later } = again.privileges;
    await assert.rejects(later.open({ ...turned.codes, ...who }), refused);
    const altered = (await later.list()).filter(({ isAltered }) => isAltered === true);
    assert.deepEqual(
      altered.map(({ label }) => label),
      ['safe'],
    );
    await later.open({ first: kept.codes.first, passkey: key.answer(await later.requestOptions(abroad)), ...who });
  });
});

forEachDatabase((name, open) => {
  test(`nobody silences the reminder of a drill, or sets a passkey's counter back, by a column on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const ada = house.moveIn('Ada', ['admin'], 'key-a');
    const { breakGlass } = house.privileges;
    const { id, codes } = await breakGlass.prepare({ label: 'vault room', by: ada });
    const key = await addTo(house, id, ada);
    const day = 24 * 3_600_000;
    const seen = async (of = house) => (await of.privileges.breakGlass.list()).find((one) => one.id === id);

    // What the passkey had come to: a copy of it would be let in by less.
    const passkey = async () => key.answer(await breakGlass.requestOptions(abroad));
    const next = await breakGlass.drill({ id, by: ada, client: office, first: codes.first, passkey: await passkey() });
    const [row] = (
      await sql<{ counter: number }>`select counter from privilege_break_glass_passkeys`.execute(house.database)
    ).rows;
    await write(house, sql`update privilege_break_glass_passkeys set counter = 0`);
    assert.notEqual(Number(row?.counter), 0);
    await assert.rejects(
      breakGlass.drill({ id, by: ada, client: office, first: next.first, passkey: await passkey() }),
      refused,
    );
    house.clock.advance(day);
    await house.privileges.remind();
    assert.match(JSON.stringify(house.events.at(-1)), /break-glass.unsealed.*"because":"passkey_altered"/);
    await write(house, sql`update privilege_break_glass_passkeys set counter = ${row?.counter ?? 0}`);
    await breakGlass.drill({ id, by: ada, client: office, first: next.first, passkey: await passkey() });
    assert.equal((await seen())?.isAltered, undefined);

    // A reminder nobody was given: the next is given all the same, and the codes go on opening.
    await write(house, sql`update privilege_break_glass set told_day = 900000`);
    assert.equal((await seen())?.isAltered, undefined);
    house.clock.advance(100 * day);
    await house.privileges.remind();
    assert.match(JSON.stringify(house.events.at(-1)), /break-glass.drill-overdue/);

    // A drill nobody held.
    const changes = [
      sql`update privilege_break_glass set drilled_at_ms = 9000000000000`,
      sql`update privilege_break_glass set sealed_at_ms = 9000000000000`,
    ];
    for (const change of changes) {
      const putBack = await copied(house, 'privilege_break_glass');
      await write(house, change);
      assert.equal((await seen())?.isAltered, true);
      house.clock.advance(day);
      await house.privileges.remind();
      assert.match(JSON.stringify(house.events.at(-1)), /break-glass.unsealed.*"because":"altered"/);
      await putBack();
    }
    assert.equal((await seen())?.isAltered, undefined);
  });

  test(`accounts of before times and counters were sealed have them sealed at a start on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const ada = house.moveIn('Ada', ['admin'], 'key-a');
    const { breakGlass } = house.privileges;
    const { id } = await breakGlass.prepare({ label: 'vault room', by: ada });
    const key = await addTo(house, id, ada);
    const place = `break-glass/${id}/account`;
    const stands = async (): Promise<string> => {
      const found = await sql<{ sealed: string }>`select sealed from privilege_break_glass`.execute(house.database);
      return openText(house.sealing.sealingKey, place, found.rows[0]?.sealed ?? '');
    };
    const { times: _times, counters: _counters, ...before } = JSON.parse(await stands());
    const older = sealText(house.sealing, place, JSON.stringify(before));
    await write(house, sql`update privilege_break_glass set sealed = ${older}`);
    const again = await house.restart();
    assert.match(await stands(), /"counters":\{.*"times":\{/);
    const codes = await again.privileges.breakGlass.seal({ id, by: ada });
    const passkey = key.answer(await again.privileges.breakGlass.requestOptions(abroad));
    await again.privileges.breakGlass.open({ first: codes.first, passkey, ...who });
    // As it was before is nothing now.
    await write(house, sql`update privilege_break_glass set sealed = ${older}`);
    assert.equal((await again.privileges.breakGlass.list())[0]?.isAltered, true);
  });
});
