import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyRecord } from '../key-record.ts';
import { bounds } from './bounds.ts';
import { fillDays, openHouse } from './destruction-testing.ts';
import { heldKeyIds } from './holding.ts';
import { showHolds } from './overview.ts';

/** What one message from the sealer to the server may hold. */
const frameBytes = 64 * 1024 * 1024;
const classes = Array.from({ length: 20 }, (_, at) => `class-${at}`);
const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Keys of blocks of twenty classes: with them all in each list, 90 MB. */
function manyRecords(): KeyRecord[] {
  return classes.flatMap((name, at) =>
    Array.from({ length: 250 }, (_, day): KeyRecord => ({
      id: `${at}`.padStart(16, '0') + `${day}`.padStart(16, '0'),
      level: 'data',
      purpose: 'block-data',
      label: `${name}/${new Date(Date.UTC(2022, 0, 1 + day)).toISOString().slice(0, 10)}`,
      version: 1,
      parent: 'p',
      createdAtMs: 0,
      state: 'retired',
      wrapped: '',
      history: [],
    })),
  );
}

test('as many holds as there may be, each on everything, are told in one message: every held key, and how many each keeps', () => {
  const records = manyRecords();
  const holds = Array.from({ length: bounds.holds }, (_, at) => ({
    id: `${at}`.padStart(32, '0'),
    name: 'n'.repeat(200),
    reason: 'r'.repeat(500),
    by: 'eve',
    atMs: at,
    keyIds: at === bounds.holds - 1 ? ['of its own'] : [],
    selector: { classes: at % 2 === 0 ? classes : classes.slice(1), fromDay: '2022-01-01' },
  }));
  const shown = showHolds(holds, records);
  assert.ok(bytesOf(shown) < frameBytes / 8, `${bytesOf(shown)} bytes`);
  const told = new Set(shown.flatMap(({ keyIds }) => keyIds));
  assert.equal(told.size, records.length + 1);
  assert.ok(told.has('of its own'));
  for (const at of [0, 1, 250, bounds.holds - 1]) {
    const [hold, one] = [holds[at], shown[at]];
    assert.ok(hold !== undefined && one !== undefined);
    assert.equal(one.keyIds.length + (one.leftOut ?? 0), heldKeyIds(hold, records).length);
  }
  const few = showHolds(holds.slice(0, 2), records);
  assert.deepEqual(
    few.map(({ keyIds, leftOut }) => [keyIds.length, leftOut]),
    [
      [5000, undefined],
      [4750, undefined],
    ],
  );
});

test('the keys that proposals may name, each held, fit beside them', async () => {
  const house = await openHouse();
  const days = fillDays(house.vault, 121).slice(0, -1);
  await house.desk.placeHold({ name: 'n'.repeat(200), reason: 'why', keyIds: days, selector: undefined }, 'ada');
  const shownBytes = async (keyIds: readonly string[]): Promise<number> =>
    bytesOf(await house.desk.propose({ kind: 'request', keyIds, reason: 'r'.repeat(500) }, 'ada'));
  const one = await shownBytes(days.slice(0, 1));
  const ofKey = ((await shownBytes(days)) - one) / (days.length - 1);
  // Labels may be 100 characters; each proposal may name every hold.
  const most = (ofKey + 100) * bounds.namedByIntents + (bounds.open + bounds.ended) * (one + bounds.holds * 35);
  assert.ok(most < frameBytes / 2, `${Math.round(most)} bytes`);
});
