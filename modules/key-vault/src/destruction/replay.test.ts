import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elsewhere, fillDays, memoryRecords, openHouse, person, twoPeople } from './destruction-testing.ts';
import type { House, Person } from './destruction-testing.ts';

async function destroyed(house: House, keyIds: readonly string[], people: readonly Person[]): Promise<string> {
  const { id, digest } = await house.desk.propose({ kind: 'request', keyIds, reason: 'erasure 7' }, 'user-ada');
  for (const one of people) await house.desk.sign(id, one.sign(digest));
  await elsewhere().stepWith(house.desk);
  return id;
}

test('an older vault beside a newer ledger: what was destroyed since is destroyed again before anything is served', async () => {
  const house = await openHouse({ waitMs: 0 });
  const [first = '', second = '', third = ''] = fillDays(house.vault, 5);
  const people = [person('Ada'), person('Grace')];
  for (const { userId, name, passkey } of people)
    await house.desk.enrol({ userId, name, passkeys: [passkey] }, 'user-ada');
  const open = await house.desk.propose({ kind: 'request', keyIds: [third], reason: 'later' }, 'user-ada');
  const backup = new Map(house.disk);
  await destroyed(house, [first], people);
  await house.desk.placeHold({ name: 'case 9', reason: 'court', keyIds: [second], selector: undefined }, 'user-ada');
  await house.desk.sign(open.id, (people[0] ?? person('nobody')).sign(open.digest));

  const outside = { known: undefined, isRestored: true };
  const restored = await openHouse({ disk: backup, records: house.records, clock: house.clock, waitMs: 0, outside });
  assert.equal(restored.vault.findKey(first), undefined);
  assert.ok(restored.vault.isDestroyed(first));
  assert.ok(restored.vault.findKey(second) !== undefined);
  const { intents, holds, unknownSince } = restored.desk.overview();
  assert.deepEqual(
    holds.map(({ name }) => name),
    ['case 9'],
    'a hold is never lost by a restore',
  );
  assert.equal(unknownSince, undefined);
  const suspended = intents.find(({ id }) => id === open.id);
  assert.match(suspended?.suspended ?? '', /put back/);
  assert.notEqual(suspended?.digest, open.digest, 'former signatures are over another digest');
  assert.equal(restored.records.actions().at(-1), 'vault.destructions_replayed');
  // The restored file is a copy somebody has: it is left behind, its epoch destroyed with the next batch.
  await restored.desk.step({ hasOffSite: false });
  assert.ok(restored.desk.overview().condemnedEpochs.includes(1));
  await assert.rejects(restored.desk.sign(open.id, (people[1] ?? person('nobody')).sign(open.digest)), {
    code: 'destruction_refused',
  });
  const digest = restored.desk.overview().intents.find(({ id }) => id === open.id)?.digest ?? '';
  for (const one of people) await restored.desk.sign(open.id, one.sign(digest, { counter: 100 }));
  await elsewhere().stepWith(restored.desk);
  assert.ok(restored.vault.isDestroyed(third));
});

test('ledger and vault put back together: the records kept elsewhere tell what was destroyed since', async () => {
  const house = await openHouse({ waitMs: 0 });
  const [first = '', second = ''] = fillDays(house.vault, 3);
  const { ada, grace } = await twoPeople(house.desk);
  const backup = { disk: new Map(house.disk), entries: [...house.records.entries] };
  await destroyed(house, [first], [ada, grace]);
  const kept = house.records.entries.slice(backup.entries.length).map(({ body }) => body.toString('utf8'));

  const restore = async (evidence: readonly string[], notRead?: string): Promise<House> =>
    openHouse({
      disk: new Map(backup.disk),
      records: memoryRecords([...backup.entries]),
      clock: house.clock,
      waitMs: 0,
      outside: { known: undefined, isRestored: true },
      kept: evidence,
      ...(notRead === undefined ? {} : { notRead }),
    });
  const restored = await restore(kept);
  assert.ok(restored.vault.isDestroyed(first));
  assert.ok(restored.vault.findKey(second) !== undefined);
  assert.equal(restored.desk.overview().unknownSince, undefined);
  const blind = await restore([], 'the bucket is away');
  assert.match(blind.desk.overview().unknownSince?.why ?? '', /bucket is away/);
  const forged = kept.map((text) =>
    text
      .replace('"log_name":"audit"', '"log_name":"audit","x":1')
      .replace('{"class_uid"', '{"raw_data":"x","class_uid"'),
  );
  const fooled = await restore(forged);
  assert.ok(fooled.vault.findKey(first) !== undefined, 'what came from outside is no record of ours');
  assert.match(fooled.desk.overview().unknownSince?.why ?? '', /does not know/);
});

test('a start without a restore replays nothing and suspends nothing', async () => {
  const house = await openHouse({ waitMs: 0 });
  const [first = ''] = fillDays(house.vault, 3);
  const { ada } = await twoPeople(house.desk);
  const { id, digest } = await house.desk.propose({ kind: 'request', keyIds: [first], reason: 'why' }, 'ada');
  await house.desk.sign(id, ada.sign(digest));
  const again = await openHouse(house);
  assert.equal(again.desk.overview().intents[0]?.signatures.length, 1);
  assert.ok(!house.records.actions().includes('vault.destructions_replayed'));
});

test('erased stays erased: an old copy of the vault opens no more once the provider ended the master key', async () => {
  const house = await openHouse({ waitMs: 0 });
  const [first = '', second = ''] = fillDays(house.vault, 3);
  const { ada, grace } = await twoPeople(house.desk);
  const oldVault = new Map([...house.disk].filter(([path]) => path.endsWith('epochs.vault')));
  await destroyed(house, [first], [ada, grace]);
  // Old vault files put back; what the provider keeps is as it is now.
  const disk = new Map([...house.disk, ...oldVault]);
  await assert.rejects(openHouse({ disk, records: house.records, clock: house.clock, waitMs: 0 }), (error) =>
    /vault|master key/i.test(String(error)),
  );
  assert.ok((await openHouse(house)).vault.findKey(second) !== undefined);
});
