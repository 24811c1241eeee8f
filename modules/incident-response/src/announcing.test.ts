import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Database } from '@sallyport/platform/database';
import { append, catchUp, findingEvent, operator, setUp, startMs } from './alerts.fixture.ts';
import { announceAgainAfterMs } from './announcing.ts';

const host = 'web-1';
const minuteMs = 60_000;
const everything = { limit: 200 };

/** What is announced, as number, announcement and count, while findings come. */
async function listen(database: Database) {
  const { alerts, ledger, clock } = await setUp(database);
  const told: [number, number, number][] = [];
  alerts.onAlert(({ number, announcement, count }) => told.push([number, announcement, count]));
  const come = async (...bodies: readonly JsonObject[]): Promise<void> => {
    await append(ledger, bodies);
    await catchUp(alerts.projection, ledger);
  };
  return { alerts, clock, told, come };
}

function tampered(afterMs: number, index: number, picture = 'a') {
  return findingEvent({
    index,
    host: 'Yard',
    createdAtMs: startMs + afterMs,
    matched: [
      { field: 'metadata.event_code', value: 'camera.tampered' },
      { field: 'unmapped.sallyport.camera.tamper', value: 'covered' },
    ],
    entities: { camera: 'cam-1', picture: picture.repeat(64), picture_before: 'f'.repeat(64) },
  });
}

forEachDatabase((name, open) => {
  test(`a lens that is covered again is announced again each time, with its newest pictures, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, told, come } = await listen(database);
    await come(tampered(0, 1, 'a'));
    await come(findingEvent({ index: 2 }));
    await come(tampered(20_000, 3, 'b'));
    await come(tampered(24_000, 4, 'c'));
    assert.deepEqual(told, [
      [1, 1, 1],
      [2, 2, 1],
      [1, 3, 2],
      [1, 4, 3],
    ]);
    const [newest, other] = await alerts.list(everything);
    assert.deepEqual([newest?.number, newest?.lastSeenAtMs, other?.number], [1, startMs + 24_000, 2]);
    const { picture, last_picture: last, last_picture_before: before } = newest?.entities ?? {};
    assert.deepEqual([picture, last, before], ['a'.repeat(64), 'c'.repeat(64), 'f'.repeat(64)]);
    assert.deepEqual([await alerts.newestNumber(), (await alerts.after(2, 9)).map(({ number }) => number)], [4, [1]]);
    assert.deepEqual(await alerts.after(4, 9), []);
    await come(findingEvent({ index: 9 }));
    assert.deepEqual(told.at(-1), [5, 5, 1]);
  });

  test(`whoever took an alert before it came back finds it new again, and acts on what they saw at their peril, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, come } = await listen(database);
    await come(tampered(0, 1));
    await alerts.change({ id: '1-0', state: 'acknowledged', actor: operator });
    await come(tampered(30_000, 2));
    const [alert] = await alerts.list(everything);
    assert.deepEqual([alert?.state, alert?.count, alert?.changedBy], ['new', 2, undefined]);
    await assert.rejects(alerts.change({ id: '1-0', state: 'closed', revision: 1, actor: operator }), {
      code: 'alert_changed',
    });
    await alerts.change({ id: '1-0', state: 'closed', actor: operator });
    await come(tampered(60_000, 3));
    assert.deepEqual(
      (await alerts.list(everything)).map(({ state, count }) => [state, count]),
      [
        ['new', 1],
        ['closed', 2],
      ],
    );
  });

  test(`a flood rings once in a quarter of an hour, and once in an hour when somebody has it, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, clock, told, come } = await listen(database);
    const at = (minute: number, index: number) =>
      findingEvent({ index, host, createdAtMs: startMs + minute * minuteMs });
    for (let minute = 0; minute <= 60; minute += 1) await come(at(minute, minute), at(minute, minute));
    assert.equal(told.length, 5);
    clock.advance(61 * minuteMs);
    await alerts.change({ id: '1-0', state: 'acknowledged', actor: operator });
    for (let minute = 61; minute <= 121; minute += 5) await come(at(minute, minute));
    assert.deepEqual([told.length, (await alerts.list(everything))[0]?.state], [6, 'new']);
    assert.equal(announceAgainAfterMs.new, 15 * minuteMs);
  });

  test(`what only looks like a camera that came back, or comes in a burst, rings no more than anything else on ${name}`, async () => {
    const { database } = await open();
    const { told, come } = await listen(database);
    const forged = (index: number) =>
      findingEvent({
        index,
        host,
        createdAtMs: startMs + index * 3000,
        matched: [{ field: 'metadata.event_code', value: 'camera.tampered' }],
      });
    for (const index of [0, 1, 2, 3]) await come(forged(index));
    assert.equal(told.length, 1);
    for (const index of [4, 5, 6, 7]) await come(tampered(0, index));
    assert.equal(told.length, 2);
  });

  test(`suppressed findings are not announced, however often they come back, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, told, come } = await listen(database);
    await alerts.suppressions.create({
      ruleId: 'rule-1',
      reason: 'cleaning',
      untilMs: startMs + 3_600_000,
      actor: operator,
    });
    for (const index of [0, 1, 2]) await come(tampered(index * 10_000, index));
    assert.deepEqual([told, await alerts.newestNumber(), await alerts.after(0, 9)], [[], 0, []]);
  });
});
