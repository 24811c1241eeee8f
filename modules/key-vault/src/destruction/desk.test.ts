import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dayMs,
  elsewhere,
  fillDays,
  founding,
  hourMs,
  memoryRecords,
  openHouse,
  person,
  runFor,
  twoPeople,
} from './destruction-testing.ts';
import type { House, Person } from './destruction-testing.ts';

const refused = { code: 'destruction_refused' };

async function signed(
  house: House,
  keyIds: readonly string[],
  people: { ada: Person; grace: Person },
): Promise<string> {
  const { id, digest } = await house.desk.propose({ kind: 'request', keyIds, reason: 'erasure 7' }, 'user-ada');
  await house.desk.sign(id, people.ada.sign(digest));
  await house.desk.sign(id, people.grace.sign(digest));
  return id;
}
const stageOf = (house: House, id: string): string | undefined =>
  house.desk.overview().intents.find((intent) => intent.id === id)?.stage;
const obstaclesOf = (house: House, id: string): string[] =>
  house.desk
    .overview()
    .intents.find((intent) => intent.id === id)
    ?.obstacles.map(({ kind }) => kind) ?? [];

test('the server alone destroys nothing: no signature, one, the same person twice, or of another list', async () => {
  const house = await openHouse({ waitMs: 0 });
  const { vault, desk } = house;
  const [first = '', second = ''] = fillDays(vault, 3);
  const { ada, grace } = await twoPeople(desk);
  const { id, digest } = await desk.propose({ kind: 'request', keyIds: [first], reason: 'why' }, 'server');
  await elsewhere().stepWith(desk);
  assert.deepEqual(obstaclesOf(house, id), ['not-signed']);
  const another = await desk.propose({ kind: 'request', keyIds: [second], reason: 'why' }, 'server');
  await assert.rejects(desk.sign(id, ada.sign(another.digest)), refused);
  await assert.rejects(desk.sign(id, person('Eve').sign(digest)), refused);
  await desk.sign(id, ada.sign(digest));
  await assert.rejects(desk.sign(id, ada.sign(digest)), refused);
  await elsewhere().stepWith(desk);
  assert.equal(stageOf(house, id), 'proposed');
  assert.ok(vault.findKey(first) !== undefined);
  const said = desk.overview().intents[0]?.obstacles[0];
  assert.equal(said?.kind, 'not-approved');
  assert.match(said.hint ?? '', /Grace/);
  await desk.sign(id, grace.sign(digest));
  await elsewhere().stepWith(desk);
  assert.equal(stageOf(house, id), 'destroyed');
});

test('in a house of one, a request waits and says that somebody else has to be enrolled', async () => {
  const house = await openHouse({ waitMs: 0 });
  const [first = ''] = fillDays(house.vault, 2);
  const ada = person('Ada');
  await house.desk.enrol({ userId: ada.userId, name: 'Ada', passkeys: [ada.passkey] }, founding);
  const { id, digest } = await house.desk.propose({ kind: 'request', keyIds: [first], reason: 'why' }, 'user-ada');
  const { obstacles } = await house.desk.sign(id, ada.sign(digest));
  assert.equal(obstacles[0]?.kind, 'not-approved');
  assert.match(obstacles[0]?.hint ?? '', /one more person with a passkey must be enrolled first/);
});

test('what a withdrawn passkey signed has to be signed anew, over another digest', async () => {
  const house = await openHouse({ waitMs: 0 });
  const [first = ''] = fillDays(house.vault, 2);
  const people = await twoPeople(house.desk);
  const id = await signed(house, [first], people);
  await house.desk.withdraw(people.grace.passkey.credentialId, { by: 'user-ada', reason: 'stolen' });
  await elsewhere().stepWith(house.desk);
  assert.equal(stageOf(house, id), 'proposed');
  assert.ok(obstaclesOf(house, id).includes('not-signed'));
  const [intent] = house.desk.overview().intents;
  assert.match(intent?.suspended ?? '', /withdrawn/);
  assert.deepEqual(intent?.signatures, []);
});

test('a clock ten years ahead, and any number of restarts, destroy nothing sooner; time off counts for nothing', async () => {
  const house = await openHouse();
  const [first = ''] = fillDays(house.vault, 2);
  const id = await signed(house, [first], await twoPeople(house.desk));
  house.clock.setWall(house.clock.nowMs() + 3650 * dayMs);
  await elsewhere().stepWith(house.desk);
  assert.deepEqual(obstaclesOf(house, id), ['waiting']);
  // Each start sees a monotonic clock far ahead; only what passes while it looks is counted.
  for (let start = 0; start < 5; start += 1) {
    house.clock.advance(30 * dayMs);
    const again = await openHouse(house);
    await elsewhere().stepWith(again.desk);
    house.clock.advance(30 * dayMs);
    await elsewhere().stepWith(again.desk);
    assert.ok(again.vault.findKey(first) !== undefined);
    assert.deepEqual(obstaclesOf(again, id), ['waiting']);
  }
});

test('a held key survives and stops no other; one held after the rotation is brought back', async () => {
  const house = await openHouse({ waitMs: 0 });
  const { vault, desk } = house;
  const [held = '', late = '', gone = '', later = ''] = fillDays(vault, 5);
  const bytes = vault.findKey(late)?.bytes.toString('hex');
  const people = await twoPeople(desk);
  await desk.placeHold({ name: 'case 1', reason: 'court', keyIds: [held], selector: undefined }, 'user-ada');
  const id = await signed(house, [held, late, gone, later], people);
  // The place elsewhere does not answer: everything waits at the step before the last.
  assert.equal((await desk.step({ hasOffSite: true })).kind, 'export');
  assert.equal(stageOf(house, id), 'rotated');
  assert.equal(vault.findKey(late), undefined);
  assert.deepEqual(desk.destroyedKeys(), [], 'nobody is told to forget what can still be brought back');
  const selector = { classes: ['events'], fromDay: '2026-01-02', toDay: '2026-01-02' };
  await desk.placeHold({ name: 'case 2', reason: 'court', keyIds: [], selector }, 'user-ada');
  await elsewhere().stepWith(desk);
  assert.equal(stageOf(house, id), 'destroyed');
  assert.ok(vault.findKey(held) !== undefined);
  assert.equal(vault.findKey(late)?.bytes.toString('hex'), bytes);
  assert.ok(vault.isDestroyed(gone) && vault.isDestroyed(later));
  assert.equal(desk.destroyedKeys().length, 2);
  assert.equal((await openHouse(house)).vault.findKey(late)?.bytes.toString('hex'), bytes);
});

test('it can be cancelled as long as the former vault lies aside, and then every key is back', async () => {
  const house = await openHouse({ waitMs: 0 });
  const { vault, desk } = house;
  const days = fillDays(vault, 4);
  const [first = '', second = ''] = days;
  const bytes = vault.findKey(first)?.bytes.toString('hex');
  const people = await twoPeople(desk);
  const id = await signed(house, [first, second], people);
  await desk.step({ hasOffSite: true });
  assert.equal(stageOf(house, id), 'rotated');
  await desk.cancel(id, { by: 'user-ada', reason: 'a mistake' });
  await elsewhere().stepWith(desk);
  assert.equal(stageOf(house, id), 'cancelled');
  assert.equal(vault.findKey(first)?.bytes.toString('hex'), bytes);
  const again = await openHouse(house);
  for (const day of days) assert.ok(again.vault.findKey(day) !== undefined);
  // What is carried out stays: nothing can be cancelled then.
  const other = await signed(house, [first], people);
  await elsewhere().stepWith(desk);
  await assert.rejects(desk.cancel(other, { by: 'user-ada', reason: 'too late' }), refused);
});

test('without another place the keys leave the vault, the master keys stay, and nothing is certified', async () => {
  const house = await openHouse({ waitMs: 0 });
  const { vault, desk } = house;
  const [first = ''] = fillDays(vault, 3);
  const id = await signed(house, [first], await twoPeople(desk));
  await desk.step({ hasOffSite: false });
  assert.equal(stageOf(house, id), 'removed');
  assert.deepEqual(house.removed, [first]);
  assert.deepEqual(desk.overview().condemnedEpochs, [1]);
  assert.throws(() => desk.certificate(id), refused);
  const before = house.records.entries.length;
  await desk.step({ hasOffSite: false });
  assert.equal(house.records.entries.length, before, 'looking again changes nothing');
  await elsewhere().stepWith(desk);
  assert.equal(stageOf(house, id), 'destroyed');
  assert.deepEqual(desk.overview().condemnedEpochs, []);
  assert.equal(desk.certificate(id).statement['outcome'], 'destroyed');
});

test('keys that must stay cannot even be proposed', async () => {
  const { vault, desk } = await openHouse();
  const days = fillDays(vault, 30);
  const signing = vault.ensureKey('log-signing', 'log/1').id;
  for (const keyIds of [[signing], [days.at(-1) ?? ''], []])
    await assert.rejects(desk.propose({ kind: 'request', keyIds, reason: 'why' }, 'eve'), refused);
  await assert.rejects(desk.propose({ kind: 'request', keyIds: ['0'.repeat(32)], reason: 'why' }, 'eve'), {
    code: 'vault_key_unknown',
  });
  const [first = ''] = days;
  await desk.propose({ kind: 'request', keyIds: [first], reason: 'why' }, 'eve');
  const same = await desk.propose({ kind: 'request', keyIds: [first], reason: 'again' }, 'ada');
  assert.equal(same.by, 'eve', 'the same list twice is one proposal');
});

test('no day of the vault’s own records goes: no request, no policy, however many agree', async () => {
  const { vault, desk } = await openHouse();
  for (const day of ['2026-01-01', '2026-01-02', '2026-01-03']) vault.ensureKey('block-data', `custody/${day}`);
  const oldest = vault.listKeys().find(({ label }) => label === 'custody/2026-01-01');
  await twoPeople(desk);
  await assert.rejects(
    desk.propose({ kind: 'request', keyIds: [oldest?.id ?? ''], reason: 'why' }, 'eve'),
    /it sealed records of destructions/,
  );
  await assert.rejects(
    desk.propose({ kind: 'policy', policy: { class: 'custody', keepDays: 36_500 }, reason: 'why' }, 'eve'),
    /kept as long as the ledger is/,
  );
});

test('a hold is released by two people only', async () => {
  const house = await openHouse();
  const { vault, desk } = house;
  const [first = ''] = fillDays(vault, 2);
  const { ada, grace } = await twoPeople(desk);
  const hold = await desk.placeHold({ name: 'case 1', reason: 'court', keyIds: [first], selector: undefined }, 'ada');
  const { id, digest } = await desk.propose({ kind: 'release', holdId: hold.id, reason: 'settled' }, 'server');
  await desk.sign(id, ada.sign(digest));
  await desk.step({ hasOffSite: false });
  assert.equal(desk.overview().holds.length, 1);
  await desk.sign(id, grace.sign(digest));
  await desk.step({ hasOffSite: false });
  assert.deepEqual(desk.overview().holds, []);
  assert.equal(stageOf(house, id), 'agreed');
});

test('keeping shorter takes two people and the wait, keeping longer nothing; then days expire two a day', async () => {
  const house = await openHouse({ waitMs: hourMs });
  const { vault, desk, clock } = house;
  const days = fillDays(vault, 6, '2026-11-22');
  const { ada, grace } = await twoPeople(desk);
  const longer = await desk.propose(
    { kind: 'policy', policy: { class: 'events', keepDays: null }, reason: 'all' },
    'ada',
  );
  assert.equal(longer.stage, 'agreed');
  const { id, digest } = await desk.propose(
    { kind: 'policy', policy: { class: 'events', keepDays: 2 }, reason: 'law' },
    'ada',
  );
  await desk.sign(id, ada.sign(digest));
  await desk.sign(id, grace.sign(digest));
  await desk.step({ hasOffSite: false });
  assert.deepEqual(
    desk.overview().policies.map(({ keepDays }) => keepDays),
    [null],
  );
  await runFor(house, hourMs);
  assert.deepEqual(
    desk.overview().policies.map(({ keepDays }) => keepDays),
    [2],
  );
  const expire = async (): Promise<string[]> => {
    await desk.propose(
      { kind: 'expiry', keyIds: days.slice(0, 5).filter((day) => vault.findKey(day)), reason: 'daily' },
      'retention',
    );
    await desk.step({ hasOffSite: false });
    return days.filter((day) => vault.isDestroyed(day));
  };
  assert.deepEqual(await expire(), [], 'no day is over for two days yet');
  // The clock runs ahead: the vault has not been seen running since.
  const aheadMs = 3650 * dayMs;
  clock.setWall(clock.nowMs() + aheadMs);
  assert.deepEqual(await expire(), []);
  clock.setWall(clock.nowMs() - aheadMs);
  await runFor(house, 10 * dayMs, 20 * 60_000);
  assert.equal(
    days.filter((day) => vault.isDestroyed(day)).length,
    1,
    'what was proposed went once its first day was over',
  );
  assert.equal((await expire()).length, 3, 'two days at most');
  assert.equal((await expire()).length, 3, 'and once a day');
  await runFor(house, dayMs, 20 * 60_000);
  assert.equal(days.filter((day) => vault.isDestroyed(day)).length, 5);
});

test('what the ledger did not take is told again, once, and nothing is acknowledged before', async () => {
  const records = memoryRecords();
  const house = await openHouse({ records, waitMs: 0 });
  const [first = ''] = fillDays(house.vault, 2);
  records.fail(1, 'before');
  await assert.rejects(house.desk.propose({ kind: 'request', keyIds: [first], reason: 'why' }, 'ada'), /away/);
  assert.deepEqual(records.actions(), []);
  records.fail(1, 'after');
  await assert.rejects(house.desk.step({ hasOffSite: false }), /lost/);
  await house.desk.step({ hasOffSite: false });
  assert.deepEqual(records.actions(), ['vault.destruction_proposed']);
});

test('a shorter waiting time takes effect after the longer one has passed', async () => {
  const house = await openHouse();
  const [first = ''] = fillDays(house.vault, 2);
  const people = await twoPeople(house.desk);
  const again = await openHouse({ ...house, waitMs: 0 });
  const id = await signed(again, [first], people);
  await elsewhere().stepWith(again.desk);
  assert.equal(stageOf(again, id), 'proposed');
  assert.equal(again.desk.overview().waitMs, 72 * hourMs);
});

test('a copy of this machine on another destroys nothing', async () => {
  const house = await openHouse({ waitMs: 0, machine: 'a'.repeat(32) });
  const [first = ''] = fillDays(house.vault, 2);
  const people = await twoPeople(house.desk);
  const clone = await openHouse({ ...house, disk: new Map(house.disk), waitMs: 0, machine: 'b'.repeat(32) });
  await signed(clone, [first], people);
  await assert.rejects(elsewhere().stepWith(clone.desk), { code: 'machine_changed' });
  assert.ok(clone.vault.findKey(first) !== undefined);
});
