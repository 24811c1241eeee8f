import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  elsewhere,
  fillDays,
  founding,
  hourMs,
  memoryRecords,
  openHouse,
  person,
  twoPeople,
} from './destruction-testing.ts';
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
    await house.desk.enrol({ userId, name, passkeys: [passkey] }, founding);
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

test('after a restore a policy that was lengthened stays so, the first two people stay the first, and nothing expires unseen', async () => {
  const house = await openHouse({ waitMs: 0 });
  fillDays(house.vault, 4, '2020-01-01');
  const policyOf = async (keepDays: number, people: readonly Person[]): Promise<void> => {
    const policy = { class: 'events', keepDays };
    const { id, digest } = await house.desk.propose({ kind: 'policy', policy, reason: 'why' }, 'user-ada');
    for (const one of people) await house.desk.sign(id, one.sign(digest));
    await house.desk.step({ hasOffSite: false });
  };
  const early = new Map(house.disk);
  const { ada, grace } = await twoPeople(house.desk);
  await policyOf(30, [ada, grace]);
  const backup = new Map(house.disk);
  await policyOf(400, []);
  const outside = { known: undefined, isRestored: true };
  const restored = await openHouse({ ...house, disk: backup, waitMs: 0, outside });
  assert.deepEqual(
    restored.desk.overview().policies.map(({ keepDays }) => keepDays),
    [400],
  );
  assert.equal(restored.desk.overview().awaitsWord, true);
  const keyIds = restored.vault.listKeys().flatMap(({ id, label }) => (label === 'events/2020-01-01' ? [id] : []));
  const expiry = await restored.desk.propose({ kind: 'expiry', keyIds, reason: 'past' }, 'vault');
  assert.ok(expiry.obstacles.some(({ kind }) => kind === 'after-restore'));
  await restored.desk.acceptRestore({ by: 'user-ada', reason: 'holds compared' });
  assert.equal(restored.desk.overview().awaitsWord, false);
  assert.equal(restored.records.actions().at(-1), 'vault.restore_accepted');
  await assert.rejects(restored.desk.acceptRestore({ by: 'user-ada', reason: 'again' }), {
    code: 'destruction_refused',
  });

  // From before anybody was enrolled: nobody takes the place of the first two.
  const empty = await openHouse({ ...house, disk: early, waitMs: 72 * hourMs, outside });
  const eve = person('Eve');
  await empty.desk.enrol(
    { userId: eve.userId, name: 'Eve', passkeys: [eve.passkey] },
    { by: 'server', reason: 'hers' },
  );
  assert.deepEqual(empty.desk.overview().approvers, [], 'two people have to agree to her, whoever is left of them');
});

test('entries of a restored ledger that this vault cannot open are doubt, not nothing', async () => {
  const house = await openHouse({ waitMs: 0 });
  const backup = new Map(house.disk);
  await twoPeople(house.desk);
  const records = {
    ...house.records,
    find: (sequence: number) => {
      const found = house.records.find(sequence);
      return found === undefined ? undefined : { ...found, body: undefined };
    },
  };
  const outside = { known: undefined, isRestored: true };
  const restored = await openHouse({ disk: backup, records, clock: house.clock, waitMs: 0, outside });
  assert.match(restored.desk.overview().unknownSince?.why ?? '', /^2 entries/);
  await restored.desk.acceptRestore({ by: 'user-ada', reason: 'looked' });
  assert.equal(restored.desk.overview().unknownSince, undefined);
});

test('a backup made in the middle of a destruction brings nothing back, neither by itself nor when somebody cancels', async () => {
  const house = await openHouse({ waitMs: 0 });
  const [first = '', second = '', third = ''] = fillDays(house.vault, 4);
  const { ada, grace } = await twoPeople(house.desk);
  const { id, digest } = await house.desk.propose(
    { kind: 'request', keyIds: [first, third], reason: 'why' },
    'user-ada',
  );
  for (const one of [ada, grace]) await house.desk.sign(id, one.sign(digest));
  await house.desk.step({ hasOffSite: true });
  const backup = new Map(house.disk);
  await house.desk.placeHold({ name: 'case 9', reason: 'court', keyIds: [third], selector: undefined }, 'user-ada');
  await elsewhere().stepWith(house.desk);
  assert.ok(house.vault.isDestroyed(first) && !house.vault.isDestroyed(third));
  const outside = { known: undefined, isRestored: true };
  const restored = await openHouse({ ...house, disk: backup, waitMs: 0, outside });
  await assert.rejects(restored.desk.cancel(id, { by: 'eve', reason: 'bring it back' }), {
    code: 'destruction_refused',
  });
  await elsewhere().stepWith(restored.desk);
  assert.equal(restored.desk.overview().intents[0]?.endReason, 'carried out before the restore');
  assert.ok(restored.vault.isDestroyed(first));
  for (const key of [second, third]) assert.ok(restored.vault.findKey(key) !== undefined);
  assert.deepEqual(
    [...backup.keys()].filter((path) => path.endsWith('.aside')),
    [],
  );
});
