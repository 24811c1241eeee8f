import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { sql } from 'kysely';
import { abroad, office, openPrivilegeHouse } from './privileges.fixture.ts';
import type { PrivilegeHouse } from './privileges.fixture.ts';
import { createSecurityKey } from './security-key.fixture.ts';
import type { SecurityKey } from './security-key.fixture.ts';

const refused = { code: 'break_glass_refused' };
const who = { person: 'Grace', reason: 'The provider is down', client: abroad };
const wrong = 'WRNG-WRNG-WRNG-WRNG-WRNG-WRNG-WRNG';

async function addTo(house: PrivilegeHouse, id: string, by: Principal, label = 'safe'): Promise<SecurityKey> {
  const key = createSecurityKey();
  const { breakGlass } = house.privileges;
  const response = key.create(await breakGlass.creationOptions({ id, by, client: office }));
  await breakGlass.addPasskey({ id, by, client: office, label, response });
  return key;
}

forEachDatabase((name, open) => {
  test(`a passkey takes the place of one envelope, and is good for nothing without a code on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const ada = house.moveIn('Ada', ['admin'], 'key-a');
    const { breakGlass } = house.privileges;
    const { id, codes } = await breakGlass.prepare({ label: 'vault room', by: ada });
    const other = await breakGlass.prepare({ label: 'safe', by: ada });
    const key = await addTo(house, id, ada);
    const answer = async (of = key) => of.answer(await breakGlass.requestOptions(abroad));
    const stranger = createSecurityKey();
    const last = (): string => JSON.stringify(house.events.at(-1));

    // The passkey alone, with wrong codes, with a code of another account; a stranger's, with the right code.
    for (const shown of [
      { first: '', passkey: await answer() },
      { first: wrong, second: wrong, passkey: await answer() },
      { first: other.codes.first, second: other.codes.second, passkey: await answer() },
      { first: codes.first, passkey: await answer(stranger) },
      { first: codes.first, second: codes.second, passkey: await answer(stranger) },
      { first: codes.first },
    ])
      await assert.rejects(breakGlass.open({ ...shown, ...who }), refused, JSON.stringify(shown).slice(0, 60));
    await assert.rejects(breakGlass.open({ first: wrong, passkey: await answer(), ...who }), refused);
    assert.match(last(), /"codes_right":false,"passkey_right":true/);
    assert.match(last(), /vault room/, 'somebody has its key: which account it is of is told');
    await assert.rejects(breakGlass.open({ first: codes.second, passkey: await answer(stranger), ...who }), refused);
    assert.match(last(), /"codes_right":true,"passkey_right":false/);

    // An answer is good once, also where the code beside it was wrong; a copy of the key has an older counter.
    const once = await answer();
    await assert.rejects(breakGlass.open({ first: wrong, passkey: once, ...who }), refused);
    await assert.rejects(breakGlass.open({ first: codes.first, passkey: once, ...who }), refused);
    const copied = key.answer(await breakGlass.requestOptions(abroad), 1);
    await assert.rejects(breakGlass.open({ first: codes.first, passkey: copied, ...who }), refused);
    const enrolment = key.answer(await breakGlass.creationOptions({ id, by: ada, client: office }));
    await assert.rejects(breakGlass.open({ first: codes.first, passkey: enrolment, ...who }), refused);

    // Either code with it, by many at once: once. And what opened it is told.
    house.passkeyRules.refused = 'its make is known to be compromised';
    const answers = [await answer(), await answer(), await answer()];
    const opened = await Promise.allSettled(
      answers.map((passkey) => breakGlass.open({ first: codes.second, passkey, ...who })),
    );
    assert.equal(opened.filter(({ status }) => status === 'fulfilled').length, 1);
    const event = house.events.find(({ event: one }) => one['message'] === 'break-glass.open');
    assert.match(JSON.stringify(event), /"opened_with":"passkey".*its make is known to be compromised/);
    const [grant] = house.privileges.active();
    assert.equal(grant?.request.said.assurance, 3);
    await assert.rejects(breakGlass.open({ first: codes.first, passkey: await answer(), ...who }), refused, 'spent');
    await assert.rejects(breakGlass.open({ ...codes, ...who }), refused, 'spent');
  });
});

forEachDatabase((name, open) => {
  test(`codes that were made for a passkey never open by themselves, whatever the database says on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const ada = house.moveIn('Ada', ['admin'], 'key-a');
    const { breakGlass } = house.privileges;
    const { id, codes: before } = await breakGlass.prepare({ label: 'vault room', by: ada });
    const other = await breakGlass.prepare({ label: 'safe', by: ada });
    const lonely = { code: 'break_glass_no_passkey' };
    await assert.rejects(breakGlass.seal({ id, needsPasskey: true, by: ada }), lonely);
    const key = await addTo(house, id, ada);
    const codes = await breakGlass.seal({ id, needsPasskey: true, by: ada });
    assert.match(JSON.stringify(house.events.at(-1)), /"needs_passkey":true,"needed_before":false/);
    await assert.rejects(breakGlass.open({ ...before, ...who }), refused);
    await assert.rejects(breakGlass.open({ ...codes, ...who }), { code: 'break_glass_passkey_needed' });
    assert.match(JSON.stringify(house.events.at(-1)), /"codes_right":true.*"because":"passkey_needed"/);
    await assert.rejects(breakGlass.open({ first: codes.first, second: wrong, ...who }), refused);
    await assert.rejects(breakGlass.removePasskey({ id, passkeyId: key.id, by: ada }), lonely);

    // Whoever writes to the database makes neither the codes into others nor a key of theirs into one of the account.
    await sql`update privilege_break_glass set needs_passkey = 0`.execute(house.database);
    await assert.rejects(breakGlass.open({ ...codes, ...who }), refused);
    await sql`update privilege_break_glass set needs_passkey = 1 where id = ${id}`.execute(house.database);
    await assert.rejects(breakGlass.open({ ...codes, ...who }), { code: 'break_glass_passkey_needed' });
    const answer = async (of: SecurityKey) => of.answer(await breakGlass.requestOptions(abroad));
    const moved = await addTo(house, other.id, ada, 'of the other');
    await sql`update privilege_break_glass_passkeys set account_id = ${id} where id = ${moved.id}`.execute(
      house.database,
    );
    await assert.rejects(breakGlass.open({ first: codes.first, passkey: await answer(moved), ...who }), refused);
    const planted = createSecurityKey();
    await sql`update privilege_break_glass_passkeys set id = ${planted.id} where id = ${moved.id}`.execute(
      house.database,
    );
    await assert.rejects(breakGlass.open({ first: codes.first, passkey: await answer(planted), ...who }), refused);
    assert.deepEqual(
      (await breakGlass.passkeys()).map(({ label }) => label),
      ['safe'],
    );
    const stored = await sql`select * from privilege_break_glass_passkeys where id = ${key.id}`.execute(house.database);
    assert.ok(!JSON.stringify(stored.rows).includes('safe'));

    // The drill tries what opening takes, and leaves codes of the same kind.
    const drilled = { id, by: ada, client: office };
    await assert.rejects(breakGlass.drill({ ...drilled, ...codes }), { code: 'break_glass_passkey_needed' });
    await assert.rejects(breakGlass.drill({ ...drilled, first: wrong, passkey: await answer(key) }), refused);
    await assert.rejects(
      breakGlass.drill({ ...drilled, id: other.id, first: codes.first, passkey: await answer(key) }),
      refused,
    );
    const next = await breakGlass.drill({ ...drilled, first: codes.second, passkey: await answer(key) });
    assert.deepEqual(house.privileges.active(), []);
    await assert.rejects(breakGlass.open({ ...next, ...who }), { code: 'break_glass_passkey_needed' });
    await breakGlass.open({ first: next.first, passkey: await answer(key), ...who });

    // By themselves again, and without the key.
    const alone = await breakGlass.seal({ id, needsPasskey: false, by: ada });
    await breakGlass.removePasskey({ id, passkeyId: key.id, by: ada });
    await assert.rejects(breakGlass.open({ first: alone.first, passkey: await answer(key), ...who }), refused);
    await breakGlass.open({ ...alone, ...who });
  });
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;
  test('passkeys are added by those who may for good, to an account there is, each to one, and go with it', async () => {
    const house = await openPrivilegeHouse(open);
    const ada = house.moveIn('Ada', ['admin'], 'key-a');
    const { breakGlass } = house.privileges;
    const { id, codes } = await breakGlass.prepare({ label: 'vault room', by: ada });
    const { id: otherId } = await breakGlass.prepare({ label: 'safe', by: ada });
    const borrowing = { ...ada, grantIds: ['a-grant'] };
    const borrowed = { code: 'break_glass_borrowed' };
    const asked = { id, client: office };
    await assert.rejects(breakGlass.creationOptions({ ...asked, by: borrowing }), borrowed);
    const key = createSecurityKey();
    const response = key.create(await breakGlass.creationOptions({ ...asked, by: ada }));
    const adding = { ...asked, label: 'blue key', response };
    await assert.rejects(breakGlass.addPasskey({ ...adding, by: borrowing }), borrowed);
    await assert.rejects(breakGlass.addPasskey({ ...adding, label: 'a\u202eb', by: ada }), {
      code: 'privilege_invalid',
    });
    await assert.rejects(breakGlass.addPasskey({ ...adding, id: otherId, by: ada }), { code: 'passkey_refused' });
    await breakGlass.addPasskey({ ...adding, by: ada });
    await assert.rejects(breakGlass.addPasskey({ ...adding, by: ada }), { code: 'break_glass_passkey_used' });
    const again = key.create(await breakGlass.creationOptions({ id: otherId, client: office, by: ada }));
    await assert.rejects(breakGlass.addPasskey({ ...adding, id: otherId, response: again, by: ada }), {
      code: 'break_glass_passkey_used',
    });
    for (const label of ['2', '3', '4', '5']) await addTo(house, id, ada, label);
    await assert.rejects(addTo(house, id, ada, '6'), { code: 'privileges_exhausted' });
    await assert.rejects(breakGlass.removePasskey({ id, passkeyId: key.id, by: borrowing }), borrowed);
    await assert.rejects(breakGlass.removePasskey({ id: otherId, passkeyId: key.id, by: ada }), {
      code: 'break_glass_not_found',
    });
    await breakGlass.retire({ id, by: ada });
    assert.deepEqual(await breakGlass.passkeys(), []);
    await assert.rejects(addTo(house, id, ada), { code: 'break_glass_not_found' });
    const late = key.answer(await breakGlass.requestOptions(abroad));
    await assert.rejects(breakGlass.open({ first: codes.first, passkey: late, ...who }), refused);
    const told = (action: string): number => house.actions().filter((one) => one === action).length;
    assert.deepEqual([told('break-glass.passkey-add'), told('break-glass.passkey-remove')], [5, 0]);
  });
});
