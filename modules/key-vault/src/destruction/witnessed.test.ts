import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createCosigner, formatCheckpoint, formatNote, formatVerifierKey } from '@sallyport/merkle-log';
import fc from 'fast-check';
import { elsewhere, fillDays, hourMs, openHouse, runFor, startMs, twoPeople } from './destruction-testing.ts';
import type { House } from './destruction-testing.ts';
import { readCosigned } from './time-evidence.ts';

/** Witnesses that sign whatever they are shown, at the time a test says. */
function witnesses(count: number) {
  const cosigners = Array.from({ length: count }, (_, order) =>
    createCosigner({ name: `w${order}.example`, privateKey: generateKeyPairSync('ed25519').privateKey }),
  );
  return {
    keys: cosigners.map(({ verifierKey }) => formatVerifierKey(verifierKey)),
    /** Of our log as it is now; `atMs` of each witness, undefined for one that does not sign. */
    sign(house: House, atMs: readonly (number | undefined)[], origin = 'sallyport/test/1'): string {
      const text = formatCheckpoint({ origin, treeSize: house.records.entries.length, root: randomBytes(32) });
      const signatures = cosigners.flatMap((cosigner, order) => {
        const at = atMs[order];
        return at === undefined ? [] : [cosigner.cosign({ text, timestampSeconds: Math.floor(at / 1000) })];
      });
      return formatNote({ text, signatures });
    },
  };
}

async function begun(count: number, needed: number) {
  const house = await openHouse();
  const three = witnesses(count);
  // Known before anybody could sign: in force at once.
  house.desk.hear({ keys: three.keys, needed, checkpoint: undefined });
  const [first = ''] = fillDays(house.vault, 2);
  const { ada, grace } = await twoPeople(house.desk);
  const { id, digest } = await house.desk.propose({ kind: 'request', keyIds: [first], reason: 'why' }, 'ada');
  await house.desk.sign(id, ada.sign(digest));
  await house.desk.sign(id, grace.sign(digest));
  const hear = (atMs: readonly (number | undefined)[]): void =>
    house.desk.hear({ keys: three.keys, needed, checkpoint: three.sign(house, atMs) });
  const obstacles = (): string[] => house.desk.overview().intents[0]?.obstacles.map(({ kind }) => kind) ?? [];
  return { house, three, first, hear, obstacles };
}

test('72 hours by the witnesses, the machine having been off for most of them', async () => {
  const { house, hear, obstacles, first } = await begun(3, 2);
  assert.deepEqual(obstacles(), ['no-time']);
  hear([startMs, startMs, startMs]);
  assert.deepEqual(obstacles(), ['waiting']);
  hear([startMs + 72 * hourMs - 1000, startMs + 72 * hourMs - 1000, startMs + 72 * hourMs - 1000]);
  assert.deepEqual(obstacles(), ['waiting']);
  const laterMs = startMs + 72 * hourMs;
  hear([laterMs, laterMs, laterMs]);
  assert.deepEqual(
    obstacles(),
    ['waiting'],
    'which witnesses there are is the server’s word: the clock here has to agree',
  );
  house.clock.setWall(laterMs);
  assert.deepEqual(obstacles(), []);
  const place = elsewhere();
  // The last step wants a quorum's word over the entry that says so.
  assert.equal((await place.stepWith(house.desk)).kind, 'fence');
  assert.equal(house.desk.overview().intents[0]?.stage, 'rotated');
  hear([laterMs + 1000, undefined, undefined]);
  assert.equal((await place.stepWith(house.desk)).kind, 'fence', 'one of two is no quorum');
  hear([laterMs + 1000, laterMs + 1000, undefined]);
  assert.equal((await place.stepWith(house.desk)).kind, 'nothing');
  assert.equal(house.desk.overview().intents[0]?.stage, 'destroyed');
  assert.ok(house.vault.isDestroyed(first));
});

test('one witness with a fast clock, the clock here, and running time alone hurry nothing', async () => {
  const { house, hear, obstacles } = await begun(3, 2);
  hear([startMs, startMs, startMs]);
  hear([startMs + 1000 * hourMs, startMs + 1000, startMs + 1000]);
  assert.deepEqual(obstacles(), ['waiting']);
  house.clock.setWall(startMs + 10_000 * hourMs);
  await runFor(house, 100 * hourMs, 20 * 60_000);
  assert.deepEqual(obstacles(), ['waiting']);
});

test('where one witness is enough, the clock here or running time has to agree with it', async () => {
  const { house, hear, obstacles } = await begun(1, 1);
  hear([startMs]);
  hear([startMs + 1000 * hourMs]);
  assert.deepEqual(obstacles(), ['waiting']);
  house.clock.advance(72 * hourMs);
  assert.deepEqual(obstacles(), []);
});

test('a copy of this machine cannot get the last step signed, not even with what was signed before it was made', async () => {
  const { house, three, hear } = await begun(2, 2);
  hear([startMs, startMs]);
  hear([startMs + 73 * hourMs, startMs + 73 * hourMs]);
  house.clock.setWall(startMs + 73 * hourMs);
  const place = elsewhere();
  assert.equal((await place.stepWith(house.desk)).kind, 'fence');
  const signedBefore = three.sign(house, [startMs + 74 * hourMs, startMs + 74 * hourMs]);
  const clone = await openHouse({ ...house, disk: new Map(house.disk) });
  clone.desk.hear({ keys: three.keys, needed: 2, checkpoint: signedBefore });
  assert.equal((await place.stepWith(clone.desk)).kind, 'fence');
  assert.equal(clone.desk.overview().intents[0]?.stage, 'rotated');
});

test('other witnesses, or none, count after the waiting time; a checkpoint of another log or key never', async () => {
  const { house, three, obstacles } = await begun(2, 2);
  const others = witnesses(2);
  house.desk.hear({ keys: others.keys, needed: 2, checkpoint: others.sign(house, [startMs, startMs]) });
  house.desk.hear({ keys: [], needed: 0, checkpoint: undefined });
  assert.deepEqual(house.desk.overview().witnesses?.keys.toSorted(), three.keys.toSorted());
  assert.deepEqual(obstacles(), ['no-time']);
  house.desk.hear({ keys: three.keys, needed: 2, checkpoint: three.sign(house, [startMs, startMs], 'another/log') });
  assert.deepEqual(obstacles(), ['no-time']);
  assert.throws(
    () => house.desk.hear({ keys: [three.keys[0] ?? '', three.keys[0] ?? ''], needed: 2, checkpoint: undefined }),
    {
      code: 'destruction_refused',
    },
  );
  house.desk.hear({ keys: [], needed: 0, checkpoint: undefined });
  await runFor(house, 73 * hourMs, 20 * 60_000);
  assert.equal(house.desk.overview().evidence, 'running-time');
});

test('arbitrary text is no checkpoint', () => {
  const { keys } = witnesses(1);
  fc.assert(fc.property(fc.string(), (text) => assert.equal(readCosigned(text, keys), undefined)));
});
