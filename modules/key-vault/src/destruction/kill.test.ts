import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { failingFiles } from '../vault-testing.ts';
import type { DiskFault } from '../vault-testing.ts';
import { elsewhere, fillDays, founding, memoryRecords, openHouse, person, startMs } from './destruction-testing.ts';
import type { House, Person } from './destruction-testing.ts';

/** A house in which everything is agreed to and nothing carried out yet, to be copied for each try. */
async function agreed(): Promise<{
  house: House;
  gone: string[];
  staying: Map<string, string>;
  id: string;
  people: Person[];
}> {
  const house = await openHouse({ waitMs: 0 });
  const days = fillDays(house.vault, 4);
  house.vault.sealSecret('tls', Buffer.from('secret'));
  const people = [person('Ada'), person('Grace')];
  for (const { userId, name, passkey } of people)
    await house.desk.enrol({ userId, name, passkeys: [passkey] }, founding);
  const gone = days.slice(0, 2);
  const { id, digest } = await house.desk.propose({ kind: 'request', keyIds: gone, reason: 'erasure 7' }, 'user-ada');
  for (const one of people) await house.desk.sign(id, one.sign(digest));
  const staying = new Map(days.slice(2).map((day) => [day, house.vault.findKey(day)?.bytes.toString('hex') ?? '']));
  return { house, gone, staying, id, people };
}

const expectedEnd = [
  'vault.destruction_begun',
  'vault.destruction_final',
  'vault.keys_removed',
  'vault.keys_destroyed',
];

for (const fault of ['KILLED', 'EIO'] satisfies DiskFault[]) {
  test(`ended at any write of a destruction (${fault}), it goes on to the same end and loses no other key`, async () => {
    const { house, gone, staying, id } = await agreed();
    // A failed write and a killed process leave the same: every other step is one's.
    let failAt = fault === 'EIO' ? 2 : 1;
    for (let wasHit = true; wasHit; failAt += 2) {
      const disk = new Map(house.disk);
      const records = memoryRecords([...house.records.entries]);
      const clock = createManualClock(startMs);
      const common = { disk, records, clock, waitMs: 0 };
      const files = failingFiles(disk, failAt, fault);
      try {
        const dying = await openHouse({ ...common, files });
        await elsewhere().stepWith(dying.desk);
      } catch {
        // What it said last is of no account: the process is gone.
      }
      wasHit = files.isHit();
      const again = await openHouse(common);
      await elsewhere().stepWith(again.desk);
      const found = again.desk.overview().intents.find((intent) => intent.id === id);
      assert.equal(found?.stage, 'destroyed', `at step ${failAt}: ${JSON.stringify(found)}`);
      for (const keyId of gone) assert.ok(again.vault.isDestroyed(keyId), `step ${failAt}`);
      for (const [keyId, bytes] of staying) assert.equal(again.vault.findKey(keyId)?.bytes.toString('hex'), bytes);
      assert.equal(again.vault.openSecret('tls')?.toString(), 'secret');
      const actions = records.actions().slice(house.records.entries.length);
      assert.deepEqual(actions, expectedEnd, `each is said once, at step ${failAt}`);
      assert.deepEqual(
        [...disk.keys()].filter((path) => path.endsWith('.aside')),
        [],
        'nothing of the former vault is left',
      );
      assert.equal(again.desk.certificate(id).statement['outcome'], 'destroyed');
    }
    assert.ok(failAt > 60, `only ${failAt} steps were tried`);
  });
}

test('ended at any write while keys are brought back, every key is there in the end', async () => {
  const { house, gone, staying, id } = await agreed();
  const bytes = new Map(gone.map((keyId) => [keyId, house.vault.findKey(keyId)?.bytes.toString('hex')]));
  await house.desk.step({ hasOffSite: true });
  await house.desk.cancel(id, { by: 'user-ada', reason: 'a mistake' });
  let failAt = 1;
  for (let wasHit = true; wasHit; failAt += 1) {
    const disk = new Map(house.disk);
    const common = {
      disk,
      records: memoryRecords([...house.records.entries]),
      clock: createManualClock(startMs),
      waitMs: 0,
    };
    const files = failingFiles(disk, failAt, 'KILLED');
    try {
      const dying = await openHouse({ ...common, files });
      await elsewhere().stepWith(dying.desk);
    } catch {
      // As above.
    }
    wasHit = files.isHit();
    const again = await openHouse(common);
    await elsewhere().stepWith(again.desk);
    for (const [keyId, before] of [...bytes, ...staying])
      assert.equal(again.vault.findKey(keyId)?.bytes.toString('hex'), before, `step ${failAt}`);
    assert.equal(again.desk.overview().intents.find((intent) => intent.id === id)?.stage, 'cancelled');
  }
  assert.ok(failAt > 20, `only ${failAt} steps were tried`);
});
