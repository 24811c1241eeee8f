// What is held in memory goes by memory: no row that is put back, emptied or taken away ends it unseen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { sql } from 'kysely';
import { office, openPrivilegeHouse } from './privileges.fixture.ts';
import type { PrivilegeHouse } from './privileges.fixture.ts';
import { privilegeLimits } from './request.ts';

async function approved(house: PrivilegeHouse, by: Principal, approver: Principal): Promise<string> {
  const id = await house.privileges.ask({ by, client: office, role: 'analyst', minutes: 60, reason: 'Change 4711' });
  await house.privileges.approve({ id, by: approver, client: office, note: '' });
  return id;
}
const people = (house: PrivilegeHouse) => ({
  ada: house.moveIn('Ada', ['admin'], 'key-a'),
  vera: house.moveIn('Vera', ['viewer'], 'key-v'),
});

forEachDatabase((name, open) => {
  test(`a grant in use ends with its review, whatever becomes of its row, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const { ada, vera } = people(house);
    type Change = (id: string, putBackApproved: () => Promise<void>) => Promise<unknown>;
    const changes: readonly Change[] = [
      // Its own earlier row; one that nobody can read; one that says it is over; none.
      async (_id, putBackApproved) => putBackApproved(),
      async (id) => house.change(id, { columns: { sealed: 'x' } }),
      async (id) => house.change(id, { columns: { state: 'ended' } }),
      async (id) => house.change(id, { columns: { state: 'withdrawn', sealed: 'x' } }),
      async (id) => sql`delete from privilege_requests where id = ${id}`.execute(house.database),
    ];
    for (const [index, change] of changes.entries()) {
      const id = await approved(house, vera, ada);
      const putBackApproved = await house.copyRows(id);
      await house.privileges.takeUp({ id, by: vera, client: office });
      await house.privileges.sweep();
      assert.deepEqual(house.rolesOf(vera), ['analyst']);
      house.clock.advance(60_000);
      await change(id, putBackApproved);
      await house.privileges.sweep();
      assert.deepEqual(house.rolesOf(vera), [], String(index));
      const { state, request, needsReview } = await house.privileges.get(id, ada);
      assert.deepEqual([state, request.endedBecause, needsReview], ['ended', 'altered', true], String(index));
      assert.equal(request.said.reason, 'Change 4711');
      assert.ok(request.spentMs >= 60_000);
      assert.deepEqual(house.actions().slice(-2), ['privilege.altered', 'privilege.end']);
      // Told once, and by nobody else again.
      const told = house.events.length;
      await (await house.beside()).privileges.sweep();
      house.clock.advance(31_000);
      await house.privileges.sweep();
      assert.equal(house.events.length, told, String(index));
      house.clock.advance(24 * 3_600_000);
    }
  });

  test(`what another server began is taken up at the next look, where the ledger failed at this one, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const { ada, vera } = people(house);
    const other = await house.beside();
    await other.privileges.sweep();
    const id = await approved(house, vera, ada);
    await house.privileges.takeUp({ id, by: vera, client: office });
    const { flushed } = house.ledger;
    other.ledger.flushed = async () => assert.fail('the ledger is full');
    await assert.rejects(other.privileges.sweep());
    assert.deepEqual(other.rolesOf(vera), []);
    other.ledger.flushed = flushed;
    await other.privileges.sweep();
    assert.deepEqual(other.rolesOf(vera), ['analyst']);
  });

  test(`rows from before what they give was sealed give nothing after an update, whatever they say, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const { ada, vera } = people(house);
    const id = await approved(house, vera, ada);
    await house.privileges.takeUp({ id, by: vera, client: office });
    await house.asOlderForm(id, 'words');
    await house.change(id, { kind: 'break-glass', role: 'admin', minutes: 1e9 });
    const again = await house.restart();
    assert.deepEqual(again.rolesOf(vera), []);
    const { state, request } = await again.privileges.get(id, ada);
    assert.deepEqual([state, request.endedBecause], ['ended', 'unsealed']);
    assert.equal(request.minutes, privilegeLimits.hardMostMinutes);
  });
});
