// A grant is held at every server on the database, and ends at each of them; what nobody may hold together counts what is held for now.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { office, openPrivilegeHouse } from './privileges.fixture.ts';
import type { PrivilegeHouse } from './privileges.fixture.ts';

const coded = (code: string): { code: string } => ({ code });
const minute = 60_000;

async function approved(house: PrivilegeHouse, by: Principal, approver: Principal, role: string): Promise<string> {
  const id = await house.privileges.ask({ by, client: office, role, minutes: 60, reason: 'Change 4711' });
  await house.privileges.approve({ id, by: approver, client: office, note: '' });
  return id;
}
/** Nobody may be a guard and look at what guards did. */
async function separate(house: PrivilegeHouse, by: Principal, isSeparate: boolean): Promise<void> {
  const { revision, settings } = await house.privileges.settings();
  const rule = { id: 'own', name: 'Own', why: 'Ours', one: ['role:guard'], other: ['role:analyst'] };
  await house.privileges.changeSettings({
    revision,
    settings: { ...settings, separationOwn: isSeparate ? [rule] : [] },
    by,
  });
}

forEachDatabase((name, open) => {
  test(`what is taken up at one server is held at the other, for the same session and time, and ends at both, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const other = await house.beside();
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    const id = await approved(house, vera, ada, 'analyst');
    await house.privileges.takeUp({ id, by: vera, client: office });
    assert.deepEqual(other.rolesOf(vera), [], 'until its next look, in two seconds');
    // Not before the ledger holds it.
    const usual = house.ledger.flushed;
    house.ledger.flushed = () => Promise.reject(new Error('the disk is full'));
    await assert.rejects(other.privileges.sweep());
    assert.deepEqual(other.rolesOf(vera), []);
    house.ledger.flushed = usual;
    other.clock.advance(30_000);
    await other.privileges.sweep();
    assert.deepEqual(other.rolesOf(vera), ['analyst']);
    assert.deepEqual(other.rolesOf({ ...vera, sessionId: 'another' }), []);
    assert.deepEqual(other.rolesOf({ ...vera, browserKey: 'key-o' }), []);
    assert.equal(other.privileges.leftSeconds(id), 60 * 60 - 30);
    const held = [];
    for await (const one of other.privileges.holdings()) if (one.through === 'grant') held.push(one.grantId);
    assert.deepEqual(held, [id]);
    // The other is where it ends; this one follows.
    await other.privileges.end({ id, by: ada, note: 'enough' });
    assert.deepEqual(other.rolesOf(vera), []);
    await house.privileges.sweep();
    assert.deepEqual(house.rolesOf(vera), []);
    await other.privileges.sweep();
    assert.deepEqual(other.rolesOf(vera), [], 'and it does not come back');
    assert.equal(house.actions().filter((action) => action === 'privilege.end').length, 1);
  });

  test(`a grant whose server died is held and ended by the others, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    const other = await house.beside();
    const id = await approved(house, vera, ada, 'analyst');
    await house.privileges.takeUp({ id, by: vera, client: office });
    await other.privileges.sweep();
    assert.deepEqual(other.rolesOf(vera), ['analyst']);
    other.clock.advance(60 * minute);
    assert.deepEqual(other.rolesOf(vera), []);
    await other.privileges.sweep();
    assert.equal((await other.privileges.get(id, ada)).request.endedBecause, 'time');
  });

  test(`of two rights that nobody may hold together one is taken up, at whichever servers at the same moment, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const other = await house.beside();
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    const ids = [await approved(house, vera, ada, 'guard'), await approved(house, vera, ada, 'analyst')];
    await separate(house, ada, true);
    const [one = '', two = ''] = ids;
    const taken = await Promise.allSettled([
      house.privileges.takeUp({ id: one, by: vera, client: office }),
      other.privileges.takeUp({ id: two, by: vera, client: office }),
    ]);
    assert.deepEqual(taken.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    const refused = taken.find((result) => result.status === 'rejected');
    assert.equal(refused?.reason.code, 'privilege_separated');
    for (const server of [house, other]) await server.privileges.sweep();
    assert.deepEqual(house.rolesOf(vera), other.rolesOf(vera));
    assert.equal(house.rolesOf(vera).length, 1);
  });
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('what is held for now counts for what nobody may hold together: asked for, shown, given and while it lasts', async () => {
    const house = await openPrivilegeHouse(open);
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    await separate(house, ada, true);
    const guard = await approved(house, vera, ada, 'guard');
    await house.privileges.takeUp({ id: guard, by: vera, client: office });
    await assert.rejects(approved(house, vera, ada, 'analyst'), coded('privilege_separated'));
    const option = (await house.privileges.options(vera)).find(({ role }) => role === 'analyst');
    assert.equal(option?.violations.length, 1);
    await assert.rejects(
      house.privileges.refuseTogether({ id: vera.id, name: 'Vera' }, ['viewer', 'analyst']),
      coded('privilege_separated'),
    );
    await house.privileges.refuseTogether({ id: vera.id, name: 'Vera' }, ['viewer']);
    // Rules that come later end the later one.
    await separate(house, ada, false);
    house.clock.advance(minute);
    const analyst = await approved(house, vera, ada, 'analyst');
    await house.privileges.takeUp({ id: analyst, by: vera, client: office });
    assert.deepEqual(house.rolesOf(vera), ['guard', 'analyst']);
    await separate(house, ada, true);
    assert.equal((await house.privileges.violations()).length, 1);
    await house.privileges.sweep();
    assert.deepEqual(house.rolesOf(vera), ['guard']);
    assert.equal((await house.privileges.get(analyst, ada)).request.endedBecause, 'rules_changed');
  });
});
