// Whoever writes to the database, and has no key, prolongs, revives and moves nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { office, openPrivilegeHouse } from './privileges.fixture.ts';
import type { PrivilegeHouse } from './privileges.fixture.ts';

const coded = (code: string): { code: string } => ({ code });
const minute = 60_000;

async function approved(house: PrivilegeHouse, by: Principal, approver: Principal, role = 'analyst'): Promise<string> {
  const id = await house.privileges.ask({ by, client: office, role, minutes: 60, reason: 'Change 4711' });
  await house.privileges.approve({ id, by: approver, client: office, note: '' });
  return id;
}
async function grant(house: PrivilegeHouse, by: Principal, approver: Principal, role = 'analyst'): Promise<string> {
  const id = await approved(house, by, approver, role);
  await house.privileges.takeUp({ id, by, client: office });
  return id;
}
const people = (house: PrivilegeHouse) => ({
  ada: house.moveIn('Ada', ['admin'], 'key-a'),
  ben: house.moveIn('Ben', ['admin'], 'key-b'),
  vera: house.moveIn('Vera', ['viewer'], 'key-v'),
  olaf: house.moveIn('Olaf', ['viewer'], 'key-o'),
});
const endOf = async ({ privileges }: PrivilegeHouse, id: string, by: Principal): Promise<unknown[]> => {
  const { state, request } = await privileges.get(id, by);
  return [state, request.endedBecause];
};

forEachDatabase((name, open) => {
  test(`a grant whose row is changed by hand in any column gives nothing after a restart, and it is told, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const { ada, vera, olaf } = people(house);
    house.sessions.set('elsewhere', {
      ...(house.sessions.get(vera.sessionId ?? '') ?? assert.fail()),
      id: 'elsewhere',
    });
    const changes: Readonly<Record<string, string | number | null>>[] = [
      { started_at_ms: house.clock.nowMs() + 600 * minute },
      { spent_ms: -600 * minute },
      { session_id: 'elsewhere' },
      { device: null },
      { device: 'key-o', requester_id: olaf.id, session_id: olaf.sessionId ?? '' },
      { needed: 0 },
      { created_at_ms: house.clock.nowMs() + 1 },
      { expires_at_ms: house.clock.nowMs() + 600 * minute },
    ];
    for (const columns of changes) {
      const id = await grant(house, vera, ada);
      await house.change(id, { columns });
      const again = await house.restart();
      for (const session of [
        vera,
        { ...vera, sessionId: 'elsewhere' },
        { ...vera, sessionId: 'elsewhere', browserKey: 'x' },
        olaf,
      ])
        assert.deepEqual(again.rolesOf(session), [], JSON.stringify(columns));
      await again.privileges.sweep();
      assert.deepEqual(await endOf(again, id, ada), ['ended', 'altered'], JSON.stringify(columns));
      assert.deepEqual(house.actions().slice(-2), ['privilege.altered', 'privilege.end']);
      assert.equal((await again.privileges.get(id, ada)).needsReview, true);
      // What is held in memory ends with it, too: nobody can tell what else was touched.
      house.clock.advance(minute);
      await house.privileges.sweep();
      assert.deepEqual(house.rolesOf(vera), []);
      house.clock.advance(10 * 60 * minute);
    }
  });

  test(`a row of before that is put back revives nothing: not what ended, not what was used, not what was denied, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const { ada, ben, vera } = people(house);
    // Approved, and in use, as they were before.
    const id = await approved(house, vera, ada);
    const putBackApproved = await house.copyRows(id);
    await house.privileges.takeUp({ id, by: vera, client: office });
    const putBackActive = await house.copyRows(id);
    await house.privileges.end({ id, by: ben, note: 'enough' });
    await putBackActive();
    for (const server of [house, await house.restart(), await house.beside()]) {
      assert.deepEqual(server.rolesOf(vera), []);
      await server.privileges.sweep();
      assert.deepEqual(server.rolesOf(vera), []);
    }
    const again = await house.restart();
    await again.privileges.sweep();
    assert.deepEqual(await endOf(again, id, ada), ['ended', 'altered']);
    await putBackApproved();
    await assert.rejects(again.privileges.takeUp({ id, by: vera, client: office }), coded('privilege_over'));
    // A request that was denied is not approved by the one yes that is still missing.
    const other = await again.privileges.ask({
      by: vera,
      client: office,
      role: 'guard',
      minutes: 60,
      reason: 'Change 4712',
    });
    const putBackPending = await again.copyRows(other);
    await again.privileges.deny({ id: other, by: ben, client: office, note: 'no' });
    await putBackPending();
    await assert.rejects(
      again.privileges.approve({ id: other, by: ada, client: office, note: '' }),
      coded('privilege_over'),
    );
    assert.deepEqual(again.rolesOf(vera), []);
  });

  test(`the whole of it set back is found out by the vault, while running and at a start, and what was open is over, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const { ada, ben, vera, olaf } = people(house);
    const id = await grant(house, vera, ada);
    const waiting = await approved(house, olaf, ada);
    const putBack = await house.copyRows();
    await house.privileges.end({ id, by: ben, note: 'enough' });
    await putBack();
    const again = await house.restart();
    assert.deepEqual(again.rolesOf(vera), []);
    await assert.rejects(again.privileges.takeUp({ id: waiting, by: olaf, client: office }), coded('privilege_over'));
    await again.privileges.sweep();
    assert.deepEqual(await endOf(again, id, ada), ['ended', 'altered']);
    assert.deepEqual(await endOf(again, waiting, ada), ['expired', undefined]);
    assert.equal(house.actions().filter((action) => action === 'privilege.set-back').length, 1);
    // And while it runs, before anything is written on top of it.
    const next = await grant(again, olaf, ben);
    const putBackNext = await again.copyRows();
    await again.privileges.end({ id: next, by: ada, note: '' });
    await putBackNext();
    await assert.rejects(
      again.privileges.ask({ by: vera, client: office, role: 'guard', minutes: 60, reason: 'Change 4713' }),
      coded('privileges_unsettled'),
    );
    await again.privileges.sweep();
    assert.deepEqual(again.rolesOf(olaf), []);
    assert.equal(house.actions().filter((action) => action === 'privilege.set-back').length, 2);
    // It goes on from there.
    await again.privileges.sweep();
    await grant(again, vera, ben);
    assert.deepEqual(again.rolesOf(vera), ['analyst']);
  });

  test(`rows of an earlier version give nobody more: what was open is over, a break-glass goes on by what was sealed, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const { ada, ben, vera, olaf } = people(house);
    const { breakGlass } = house.privileges;
    const { codes } = await breakGlass.prepare({ label: 'safe', by: ada });
    const { grantId } = await breakGlass.open({ ...codes, person: 'Grace', reason: 'No provider', client: office });
    const { sessionId, requesterId } = (await house.privileges.get(grantId, ada)).request;
    const held = await grant(house, vera, ada);
    const waiting = await approved(house, olaf, ada);
    const over = await grant(house, olaf, ben, 'guard');
    await house.privileges.end({ id: over, by: ben, note: 'done' });
    for (const id of [held, waiting, over, grantId]) await house.asOlderForm(id);
    const later = house.clock.nowMs() + 600 * minute;
    for (const id of [held, grantId])
      await house.change(id, { columns: { started_at_ms: later, spent_ms: -600 * minute } });
    house.clock.advance(20 * minute);
    const again = await house.restart();
    assert.deepEqual(again.rolesOf(vera), []);
    assert.deepEqual(await endOf(again, held, ada), ['ended', 'unsealed']);
    assert.deepEqual(await endOf(again, waiting, ada), ['expired', undefined]);
    const kept = await again.privileges.get(over, ada);
    assert.deepEqual([kept.state, kept.request.endedBecause, kept.request.said.endNote], ['ended', 'revoked', 'done']);
    const opened = { userId: requesterId, sessionId: sessionId ?? '' };
    assert.deepEqual(
      again.privileges.rolesOf(opened).map(({ role }) => role),
      ['admin'],
    );
    const { breakGlassMinutes } = (await again.privileges.settings()).settings;
    assert.equal(again.privileges.leftSeconds(grantId), (breakGlassMinutes - 20) * 60);
    // Once: from then on such a row was written by hand.
    await again.asOlderForm(over);
    const third = await again.restart();
    assert.equal(
      (await third.privileges.get(over, ada)).state,
      'ended',
      'with the vault emptied it is history all the same',
    );
    third.vault.number = 100;
    await third.change(held, { columns: { state: 'active', sealed: 'x' } });
    const fourth = await third.restart();
    assert.deepEqual(fourth.rolesOf(vera), []);
  });

  test(`a vault that cannot be read ends what is open, and is written anew, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const { ada, vera } = people(house);
    const id = await grant(house, vera, ada);
    house.vault.broken = new Error('the vault is damaged');
    const again = await house.restart();
    assert.deepEqual(again.rolesOf(vera), []);
    await again.privileges.sweep();
    assert.deepEqual(await endOf(again, id, ada), ['ended', 'altered']);
    assert.equal(again.vault.broken, undefined);
    await grant(again, vera, ada);
    assert.deepEqual((await again.restart()).rolesOf(vera), ['analyst']);
  });
});
