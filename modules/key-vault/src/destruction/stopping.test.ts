import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createSubjectPages } from '../subject-pages.ts';
import { failingFiles, placeAt } from '../vault-testing.ts';
import { elsewhere, fillDays, openHouse, twoPeople } from './destruction-testing.ts';
import type { House, Person } from './destruction-testing.ts';

type People = { readonly ada: Person; readonly grace: Person };

async function signed(house: House, keyIds: readonly string[], { ada, grace }: People): Promise<string> {
  const { id, digest } = await house.desk.propose({ kind: 'request', keyIds, reason: 'erasure 7' }, 'user-ada');
  await house.desk.sign(id, ada.sign(digest));
  await house.desk.sign(id, grace.sign(digest));
  return id;
}
const stageOf = (house: House, id: string): string | undefined =>
  house.desk.overview().intents.find((intent) => intent.id === id)?.stage;

/** Stops the file system from answering once the rotation is committed, as a provider does that is away. */
async function stoppedAfterRotation(
  stop: (house: House, id: string, people: People) => Promise<void>,
): Promise<{ house: House; id: string; gone: readonly string[] }> {
  const calm = await openHouse({ waitMs: 0 });
  const gone = fillDays(calm.vault, 3).slice(0, 2);
  const people = await twoPeople(calm.desk);
  const id = await signed(calm, gone, people);
  let isAway = false;
  const files = failingFiles(calm.disk);
  const opened: { house?: House } = {};
  const house = await openHouse({
    ...calm,
    waitMs: 0,
    files: {
      ...files,
      read(path) {
        // The check from the disk, after both copies are written: the first read of them after the switch.
        if (!isAway && path.endsWith('epochs.vault') && opened.house?.vault.isDestroyed(gone[0] ?? '') === true) {
          isAway = true;
          throw Object.assign(new Error('planted: the disk is away'), { code: 'EIO' });
        }
        return files.read(path);
      },
    },
  });
  opened.house = house;
  await assert.rejects(house.desk.step({ hasOffSite: true }), /planted|damaged|copies/);
  assert.ok(isAway);
  await stop(house, id, people);
  return { house, id, gone };
}

for (const [what, stop] of [
  ['cancelled', async (house, id) => house.desk.cancel(id, { by: 'ada', reason: 'a mistake' })],
  [
    'a signature withdrawn',
    async (house, _, { ada }) => {
      await house.desk.withdraw(ada.passkey.credentialId, { by: 'grace', reason: 'stolen' });
    },
  ],
] satisfies [string, Parameters<typeof stoppedAfterRotation>[0]][])
  test(`${what} while the keys leave, and the rotation did not come back: they can be brought back all the same`, async () => {
    const { house, id, gone } = await stoppedAfterRotation(stop);
    const again = await openHouse({ ...house, waitMs: 0 });
    await elsewhere().stepWith(again.desk);
    if (what !== 'cancelled') {
      assert.equal(stageOf(again, id), 'rotated');
      await again.desk.cancel(id, { by: 'ada', reason: 'not so' });
      await elsewhere().stepWith(again.desk);
    }
    assert.equal(stageOf(again, id), 'cancelled');
    for (const key of gone) assert.ok(again.vault.findKey(key) !== undefined);
  });

test('a key that stands in two lists goes with one of them; the other one certifies nothing about it', async () => {
  const house = await openHouse({ waitMs: 0 });
  const [first = '', second = ''] = fillDays(house.vault, 4);
  const people = await twoPeople(house.desk);
  const one = await signed(house, [first], people);
  const both = await signed(house, [first, second], people);
  await house.desk.step({ hasOffSite: true });
  assert.deepEqual([stageOf(house, one), stageOf(house, both)], ['rotated', 'proposed']);
  await house.desk.cancel(one, { by: 'ada', reason: 'a mistake' });
  await elsewhere().stepWith(house.desk);
  await elsewhere().stepWith(house.desk);
  assert.deepEqual([stageOf(house, one), stageOf(house, both)], ['cancelled', 'destroyed']);
  assert.ok(house.vault.isDestroyed(first));
  const late = await signed(
    house,
    [house.vault.listKeys().find(({ label }) => label === 'events/2026-01-03')?.id ?? ''],
    people,
  );
  await elsewhere().stepWith(house.desk);
  assert.equal(stageOf(house, late), 'destroyed');
});

test('what could be turned against a destruction is an entry of the ledger: other witnesses, another waiting time', async () => {
  const house = await openHouse();
  await twoPeople(house.desk);
  const again = await openHouse({ ...house, waitMs: 0 });
  await again.desk.step({ hasOffSite: false });
  assert.deepEqual(house.records.details('vault.wait_changed'), { hours: 0, counts_at_once: false });
  again.desk.hear({ keys: [], needed: 0, checkpoint: undefined });
  assert.ok(!house.records.actions().includes('vault.witnesses_changed'));
});

test('a subject’s page is not swept away while its key can still be brought back', async () => {
  const house = await openHouse({ waitMs: 0 });
  const needs = {
    directories: placeAt('/memory').directories,
    files: failingFiles(house.disk),
    random: randomBytes,
    broken: () => undefined,
  };
  const pages = createSubjectPages(house.vault, needs);
  const [made] = pages.make(['00'.repeat(16), '11'.repeat(16)]);
  assert.ok(made?.bytes !== undefined);
  const separated = pages.separate(new Set([made.keyId]));
  const id = await signed(house, separated.pages, await twoPeople(house.desk));
  await house.desk.step({ hasOffSite: true });
  assert.equal(stageOf(house, id), 'rotated');
  // As every start does.
  createSubjectPages(house.vault, needs).sweep();
  await house.desk.cancel(id, { by: 'ada', reason: 'the wrong person' });
  await elsewhere().stepWith(house.desk);
  assert.deepEqual(createSubjectPages(house.vault, needs).open([made])[0]?.bytes, made.bytes);
});
