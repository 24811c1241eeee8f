import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayMs, fillDays, hourMs, openHouse, person, runFor, twoPeople } from './destruction-testing.ts';
import type { House, Person } from './destruction-testing.ts';

const refused = { code: 'destruction_refused' };
const asked = (by: string, isAlone = false) => ({ by, reason: 'takes over', isAlone });

const offer = async (house: House, { userId, name, passkey }: Person, isAlone = false) => {
  const proposal = await house.desk.enrol({ userId, name, passkeys: [passkey] }, asked('server', isAlone));
  assert.ok(proposal !== undefined, 'nobody is taken at the server’s word once two people are there');
  return proposal;
};
const counting = (house: House): string[] =>
  house.desk
    .overview()
    .approvers.filter(({ isEffective }) => isEffective)
    .map(({ name }) => name);
const find = (house: House, id: string) => house.desk.overview().intents.find((intent) => intent.id === id);
const settle = (house: House) => house.desk.step({ hasOffSite: false });

test('a third approver counts once two of the first agree over exactly this key, and at once', async () => {
  const house = await openHouse();
  const [first = ''] = fillDays(house.vault, 2);
  const { ada, grace } = await twoPeople(house.desk);
  const carol = person('Carol');
  const { id, digest, approver } = await offer(house, carol);
  assert.deepEqual(
    [approver?.change, approver?.name, approver?.passkeys[0]?.credentialId],
    ['enrol', 'Carol', carol.passkey.credentialId],
  );
  await house.desk.sign(id, ada.sign(digest));
  await assert.rejects(house.desk.sign(id, ada.sign(digest)), /has signed already/);
  await settle(house);
  assert.deepEqual(counting(house), ['Ada', 'Grace']);
  await house.desk.sign(id, grace.sign(digest));
  await settle(house);
  assert.deepEqual(counting(house), ['Ada', 'Grace', 'Carol']);
  assert.deepEqual(house.records.details('vault.approver_enrolled')['agreed_by'], ['Ada', 'Grace']);
  const request = await house.desk.propose({ kind: 'request', keyIds: [first], reason: 'why' }, 'ada');
  await house.desk.sign(request.id, carol.sign(request.digest));
});

test('a server that was taken over enrols nobody of its own, however long it waits', async () => {
  const house = await openHouse();
  const [first = ''] = fillDays(house.vault, 2);
  const { ada } = await twoPeople(house.desk);
  const eve = person('Eve');
  const { id, digest } = await offer(house, eve);
  await assert.rejects(house.desk.sign(id, eve.sign(digest)), /not enrolled/);
  // Under a name that is trusted, and with the key of somebody who is.
  await offer(house, { ...eve, userId: ada.userId, name: 'Ada' });
  await assert.rejects(
    offer(house, { ...eve, passkey: { ...ada.passkey, credentialId: eve.passkey.credentialId } }),
    /somebody else is enrolled with the same key/,
  );
  await runFor(house, 100 * hourMs);
  assert.deepEqual(counting(house), ['Ada', 'Grace']);
  const request = await house.desk.propose({ kind: 'request', keyIds: [first], reason: 'why' }, 'server');
  await assert.rejects(house.desk.sign(request.id, eve.sign(request.digest)), refused);
});

test('a signature for one key is none for another, and none for another list', async () => {
  const house = await openHouse();
  const { ada, grace } = await twoPeople(house.desk);
  const [carol, eve] = [person('Carol'), person('Eve')];
  const wanted = await offer(house, carol);
  // Same name, same person, another key.
  const planted = await offer(house, { ...eve, userId: carol.userId, name: 'Carol' });
  assert.notEqual(wanted.digest, planted.digest);
  await assert.rejects(house.desk.sign(planted.id, ada.sign(wanted.digest)), /something else/);
  await house.desk.sign(planted.id, ada.sign(planted.digest));
  for (const one of [ada, grace]) await house.desk.sign(wanted.id, one.sign(wanted.digest));
  await settle(house);
  const left = find(house, planted.id);
  assert.deepEqual(left?.signatures, [], 'what was signed about the former list does not count for the new one');
  await assert.rejects(house.desk.sign(planted.id, grace.sign(planted.digest)), /something else/);
});

test('a withdrawn passkey signs nothing at once, and stays on the list until two people agree', async () => {
  const house = await openHouse();
  const { ada, grace } = await twoPeople(house.desk);
  const removal = await house.desk.withdraw(grace.passkey.credentialId, asked('server'));
  assert.equal(removal?.approver?.change, 'remove');
  assert.deepEqual(counting(house), ['Ada']);
  const { id, digest } = await offer(house, person('Eve'));
  await assert.rejects(house.desk.sign(id, grace.sign(digest)), /was stopped/);
  // The server stopped everybody: it gains nothing, and any two of them undo it.
  await house.desk.withdraw(ada.passkey.credentialId, asked('server'));
  await runFor(house, 100 * hourMs);
  assert.deepEqual(counting(house), []);
  assert.equal(house.desk.overview().approvers.length, 2);
  const back = await house.desk.reinstate(grace.passkey.credentialId, asked('ada'));
  for (const one of [ada, grace]) await house.desk.sign(back.id, one.sign(back.digest));
  await settle(house);
  assert.deepEqual(counting(house), ['Grace']);
});

test('one who is left alone puts somebody in the other’s place in fifteen days, and anybody stops it before', async () => {
  const house = await openHouse();
  const { ada, grace } = await twoPeople(house.desk);
  const carol = person('Carol');
  const early = await offer(house, carol, true);
  assert.ok(house.records.actions().includes('vault.approver_recovery_begun'));
  await house.desk.sign(early.id, ada.sign(early.digest));
  await runFor(house, 16 * dayMs, 20 * 60_000);
  assert.deepEqual(counting(house), ['Ada', 'Grace'], 'Grace is there, whatever the proposal says');
  // It is seen that she is stopped, and the waiting begins with that.
  await house.desk.withdraw(grace.passkey.credentialId, asked('user-ada'));
  await settle(house);
  assert.deepEqual(counting(house), ['Ada']);
  const [eve, again] = [await offer(house, person('Eve'), true), find(house, early.id)];
  assert.deepEqual(again?.signatures, []);
  await house.desk.sign(early.id, ada.sign(again.digest));
  await house.desk.sign(eve.id, ada.sign(eve.digest));
  await runFor(house, 14 * dayMs, 20 * 60_000);
  assert.deepEqual(counting(house), ['Ada']);
  await house.desk.cancel(eve.id, { by: grace.userId, reason: 'Grace is here' });
  await runFor(house, dayMs + hourMs, 20 * 60_000);
  assert.deepEqual(counting(house), ['Ada', 'Carol']);
  assert.equal(house.records.details('vault.approver_enrolled')['alone'], true);
});

test('what somebody signed between coming back and leaving the list does not count', async () => {
  const house = await openHouse();
  const [first = ''] = fillDays(house.vault, 2);
  const { ada, grace } = await twoPeople(house.desk);
  const carol = person('Carol');
  const joining = await offer(house, carol);
  for (const one of [ada, grace]) await house.desk.sign(joining.id, one.sign(joining.digest));
  await settle(house);
  const { credentialId } = carol.passkey;
  const removal = await house.desk.withdraw(credentialId, asked('user-ada'));
  const back = await house.desk.reinstate(credentialId, asked('user-ada'));
  for (const one of [ada, grace]) await house.desk.sign(back.id, one.sign(back.digest));
  await settle(house);
  const request = await house.desk.propose({ kind: 'request', keyIds: [first], reason: 'why' }, 'carol');
  await house.desk.sign(request.id, carol.sign(request.digest));
  const leaving = find(house, removal?.id ?? '');
  for (const one of [ada, grace]) await house.desk.sign(leaving?.id ?? '', one.sign(leaving?.digest ?? ''));
  await settle(house);
  assert.deepEqual(counting(house), ['Ada', 'Grace']);
  assert.deepEqual(find(house, request.id)?.signatures, []);
});

test('a proposal planted under somebody’s passkey id does not stand in for theirs, and few wait without a second person', async () => {
  const house = await openHouse();
  await twoPeople(house.desk);
  const [carol, eve] = [person('Carol'), person('Eve')];
  const { credentialId } = carol.passkey;
  const planted = await offer(house, { ...carol, passkey: { ...eve.passkey, credentialId } });
  const own = await offer(house, carol);
  assert.notEqual(own.id, planted.id);
  assert.equal((await offer(house, carol)).id, own.id, 'asked for again it is the same');
  for (let made = 0; made < 10; made += 1) await offer(house, person(`P${made}`), true);
  await assert.rejects(offer(house, person('P10'), true), /without a second person/);
});

test('with nobody left it takes thirty days from when the last could sign, and no configured wait makes it shorter', async () => {
  const house = await openHouse({ waitMs: 0 });
  const { ada, grace } = await twoPeople(house.desk);
  const { id } = await offer(house, person('Carol'), true);
  await runFor(house, 29 * dayMs, 20 * 60_000);
  for (const { passkey } of [ada, grace]) await house.desk.withdraw(passkey.credentialId, asked('server'));
  await runFor(house, 29 * dayMs, 20 * 60_000);
  assert.deepEqual(counting(house), []);
  assert.equal(find(house, id)?.obstacles[0]?.kind, 'waiting');
  await runFor(house, 2 * dayMs, 20 * 60_000);
  assert.deepEqual(counting(house), ['Carol']);
});

test('one person has five passkeys at most: nobody fills the list', async () => {
  const house = await openHouse();
  const ada = person('Ada');
  const passkeys = Array.from({ length: 6 }, () => person('Ada').passkey);
  await assert.rejects(
    house.desk.enrol({ userId: ada.userId, name: 'Ada', passkeys }, asked('user-ada')),
    /must be at most 5/,
  );
});
