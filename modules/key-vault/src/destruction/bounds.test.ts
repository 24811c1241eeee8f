import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bounds } from './bounds.ts';
import { fillDays, memoryRecords, openHouse, twoPeople } from './destruction-testing.ts';
import type { House } from './destruction-testing.ts';

const refused = { code: 'destruction_refused' };
const listBytes = ({ desk }: House): number => desk.exportFile().bytes.length;
const openOnes = ({ desk }: House) => desk.overview().intents.filter(({ stage }) => stage === 'proposed');

test('a person who floods with proposals stops at twenty, and nobody else is kept from one', async () => {
  const house = await openHouse();
  const days = fillDays(house.vault, 30);
  for (const id of days.slice(0, bounds.openOfOne))
    await house.desk.propose({ kind: 'request', keyIds: [id], reason: 'flood' }, 'eve');
  const [, , ...rest] = days.slice(bounds.openOfOne);
  const [one = '', other = ''] = rest;
  await assert.rejects(house.desk.propose({ kind: 'request', keyIds: [one], reason: 'flood' }, 'eve'), refused);
  await house.desk.propose({ kind: 'request', keyIds: [other], reason: 'mine' }, 'ada');
});

test('a server that proposes in any name fills nothing: what was signed stays, and there is room for the next', async () => {
  const house = await openHouse();
  const days = fillDays(house.vault, 400);
  const { ada } = await twoPeople(house.desk);
  const [first = '', last = ''] = [days[0], days[398]];
  const signed = await house.desk.propose({ kind: 'request', keyIds: [first], reason: 'erasure 7' }, 'ada');
  await house.desk.sign(signed.id, ada.sign(signed.digest));
  const half = days.slice(1, 260);
  for (const [at, id] of days.slice(1, 261).entries())
    await house.desk.propose({ kind: 'request', keyIds: [id, ...half], reason: 'flood' }, `name-${at}`);
  const named = house.desk.overview().intents.reduce((sum, { keys }) => sum + keys.length, 0);
  assert.ok(named <= bounds.namedByIntents, `${named} keys are named`);
  assert.ok(openOnes(house).length <= bounds.open);
  const mine = await house.desk.propose({ kind: 'request', keyIds: [last], reason: 'mine' }, 'ada');
  const open = new Set(openOnes(house).map(({ id }) => id));
  assert.ok(open.has(signed.id) && open.has(mine.id));
});

test('holds fill nothing either, and two people end a flood of them with one signature each', async () => {
  const house = await openHouse();
  const [first = ''] = fillDays(house.vault, 2);
  const { ada, grace } = await twoPeople(house.desk);
  const before = listBytes(house);
  const place = (name: string, by: string, keyIds: string[] = []) =>
    house.desk.placeHold({ name, reason: 'why', keyIds, selector: { classes: ['zzz'] } }, by);
  const ids: string[] = [];
  for (let at = 0; at < bounds.holdsOfOne; at += 1) ids.push((await place(`${at}`, 'eve')).id);
  await assert.rejects(place('one more', 'eve'), refused);
  await place('mine', 'ada', [first]);
  assert.ok(listBytes(house) - before < 200_000);
  const { id, digest } = await house.desk.propose({ kind: 'release', holdIds: ids, reason: 'a flood' }, 'ada');
  for (const one of [ada, grace]) await house.desk.sign(id, one.sign(digest));
  await house.desk.step({ hasOffSite: false });
  assert.deepEqual(
    house.desk.overview().holds.map(({ name }) => name),
    ['mine'],
  );
});

test('while the ledger takes nothing, nothing more is begun than is still to be told', async () => {
  const records = memoryRecords();
  const house = await openHouse({ records });
  fillDays(house.vault, 2);
  records.fail(10_000, 'before');
  const ask = (at: number) =>
    house.desk.propose({ kind: 'policy', policy: { class: `c${at}`, keepDays: null }, reason: 'flood' }, 'server');
  for (let at = 0; at < bounds.waiting; at += 1) await assert.rejects(ask(at), /away/);
  await assert.rejects(ask(-1), /Cannot go on: 100 entries wait/);
  records.fail(0, 'before');
  await house.desk.step({ hasOffSite: false });
  assert.equal((await ask(1000)).stage, 'agreed');
  assert.ok(house.desk.overview().policies.length <= bounds.policies);
});
