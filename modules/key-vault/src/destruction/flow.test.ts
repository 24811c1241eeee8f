import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elsewhere, fillDays, hourMs, openHouse, runFor, twoPeople } from './destruction-testing.ts';

test('two people, 72 hours and a copy elsewhere end a key; the certificate says so', async () => {
  const house = await openHouse();
  const { vault, desk, records } = house;
  const [first = '', second = ''] = fillDays(vault, 4);
  const { ada, grace } = await twoPeople(desk);
  const proposed = await desk.propose({ kind: 'request', keyIds: [first, second], reason: 'erasure 7' }, ada.userId);
  assert.ok(proposed !== undefined);
  const { id, digest } = proposed;
  assert.deepEqual(
    proposed.obstacles.map(({ kind }) => kind),
    ['not-signed'],
  );
  await desk.sign(id, ada.sign(digest));
  const signed = await desk.sign(id, grace.sign(digest));
  assert.deepEqual(
    signed.obstacles.map(({ kind }) => kind),
    ['waiting'],
  );

  const place = elsewhere();
  await runFor(house, 72 * hourMs - 1000);
  await place.stepWith(desk);
  assert.ok(vault.findKey(first) !== undefined, 'a second too early');
  house.clock.advance(1000);
  const need = await place.stepWith(desk);
  assert.deepEqual(need, { kind: 'nothing' });
  const { intents } = desk.overview();
  assert.equal(intents[0]?.stage, 'destroyed', JSON.stringify(intents));
  assert.equal(vault.findKey(first), undefined);
  assert.ok(vault.isDestroyed(first) && vault.isDestroyed(second));
  assert.deepEqual(house.removed.toSorted(), [first, second].toSorted());
  assert.deepEqual(records.actions(), [
    'vault.approver_enrolled',
    'vault.approver_enrolled',
    'vault.destruction_proposed',
    'vault.destruction_signed',
    'vault.destruction_signed',
    'vault.destruction_begun',
    'vault.destruction_final',
    'vault.keys_removed',
    'vault.keys_destroyed',
  ]);
  const { statement } = desk.certificate(id);
  assert.equal(statement['outcome'], 'destroyed');
});
