import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Database } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { startSources } from './sources-testing.ts';
import type { SourcesHouse } from './sources-testing.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const by = { kind: 'user', id: 'u1', name: 'kim' };
const always = { keyId: 'k1', by, expected: 'always' } as const;

const actions = (house: SourcesHouse): string[] => house.told().map(({ action }) => action);

/** Sends so often and so long that its going on is expected. */
async function steady(house: SourcesHouse, names: readonly string[], hours = 1.2): Promise<void> {
  for (let passed = 0; passed < hours * hourMs; passed += minuteMs) {
    for (const name of names) await house.send(name);
    await house.pass(minuteMs);
  }
}

function rhythmIs(database: Database, rhythm: string): Promise<unknown> {
  return database
    .withTables<{ intake_sources: { rhythm: string } }>()
    .updateTable('intake_sources')
    .set({ rhythm })
    .execute();
}

/** As after two hours without a pause, for all there are. */
async function spokenWithoutPause(house: SourcesHouse, database: Database): Promise<void> {
  house.clock.advance(90_000);
  await rhythmIs(database, `1 ${house.clock.nowMs() - 2 * hourMs} ${house.clock.nowMs()} ${2 * hourMs} 0 0 0`);
  house.restart();
}

forEachDatabase((name, open) => {
  test(`a silence is told once, with since when, and once that it ended, over restarts too on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database);
    await steady(house, ['web']);
    const lastMs = house.clock.nowMs() - minuteMs;
    await house.pass(8 * minuteMs);
    assert.deepEqual(actions(house), []);
    await house.pass(2 * hourMs);
    const [silent, ...more] = house.told();
    assert.deepEqual([silent?.action, silent?.device, more], ['source.silent', 'k1/web', []]);
    assert.deepEqual(silent?.details, { since: new Date(lastMs).toISOString() });
    assert.ok(silent.message.includes(new Date(lastMs).toISOString()), silent.message);
    house.restart();
    await house.pass(hourMs);
    assert.equal((await house.sources.read('k1', 'web')).standing.state, 'silent');
    await house.send('web');
    await house.pass(minuteMs);
    house.restart();
    await house.pass(minuteMs);
    assert.deepEqual(actions(house), ['source.silent', 'source.heard-again']);
    assert.equal((await house.sources.read('k1', 'web')).standing.state, 'heard');
  });

  test(`a server that was down or asleep blames nobody for it on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database);
    await steady(house, ['web']);
    // Down, for a night.
    house.clock.advance(9 * hourMs);
    house.restart();
    await house.pass(9 * minuteMs);
    assert.deepEqual(actions(house), []);
    await house.send('web');
    await house.pass(minuteMs);
    // Asleep, or stopped: time goes by in which nobody looks.
    house.clock.advance(9 * hourMs);
    await house.pass(9 * minuteMs);
    assert.deepEqual(actions(house), []);
    // Back, and listening for as long as it takes: now it is silent.
    await house.pass(3 * minuteMs);
    assert.deepEqual(actions(house), ['source.silent']);
  });

  test(`setting the wall clock neither silences a source nor hides its silence on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database);
    await steady(house, ['web']);
    house.clock.setWall(house.clock.nowMs() + 400 * 24 * hourMs);
    await house.pass(5 * minuteMs);
    assert.deepEqual(actions(house), []);
    house.clock.setWall(house.clock.nowMs() - 800 * 24 * hourMs);
    await house.pass(7 * minuteMs);
    assert.deepEqual(actions(house), ['source.silent']);
  });

  test(`what comes now and then is not excused by a short stop at a time when it was not due on ${name}`, async () => {
    for (const [stopAfterMs, told] of [
      [hourMs, ['source.silent']],
      [4 * hourMs, []],
    ] as const) {
      const { database } = await open();
      const house = await startSources(database);
      await house.sources.look();
      await house.send('backup');
      await house.sources.close();
      // Five times before, every four hours: due between two and six hours from now.
      await rhythmIs(database, `6 ${house.clock.nowMs()} ${house.clock.nowMs()} 0 5 ${4 * hourMs} 0`);
      house.restart();
      await house.pass(stopAfterMs);
      house.clock.advance(5 * minuteMs);
      house.restart();
      await house.pass(6.2 * hourMs - stopAfterMs);
      assert.deepEqual(actions(house), told, `${stopAfterMs}`);
    }
  });

  test(`what people say of a source goes before its rhythm on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database);
    await house.sources.look();
    await steady(house, ['hobby']);
    await house.send('camera');
    await house.sources.change({ keyId: 'k1', name: 'hobby', by, expected: 'never' });
    await house.sources.change({ ...always, name: 'camera', quietAfterMs: 3 * minuteMs });
    await house.pass(2.5 * minuteMs);
    assert.deepEqual(actions(house).slice(2), []);
    await house.pass(2 * minuteMs);
    await house.pass(hourMs);
    assert.deepEqual(
      house
        .told()
        .slice(2)
        .map(({ action, device }) => [action, device]),
      [['source.silent', 'k1/camera']],
    );
    await house.sources.change({ ...always, name: 'camera', expected: 'never' });
    await house.pass(minuteMs);
    assert.equal((await house.sources.read('k1', 'camera')).standing.state, 'finished');
  });

  test(`hundreds of sources that fall silent at once are one event; one that always matters is told by itself on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database, { maxSourcesHeld: 2000 });
    await house.sources.look();
    const names = Array.from({ length: 200 }, (_, at) => `host-${at}`);
    for (const one of names) await house.send(one);
    await spokenWithoutPause(house, database);
    await house.sources.look();
    await house.sources.change({ ...always, name: 'host-7' });
    await house.pass(30 * minuteMs);
    const told = house.told().filter(({ action }) => action !== 'source.change');
    assert.deepEqual(
      told.map(({ action, device }) => [action, device]),
      [
        ['source.silent', 'k1/host-7'],
        ['sources.silent', 'many sources'],
      ],
    );
    assert.equal(told[1]?.details['count'], 199);
    for (const one of names) await house.send(one);
    await house.pass(minuteMs);
    assert.deepEqual(
      house
        .told()
        .slice(3)
        .map(({ action, details }) => [action, details['count']]),
      [['sources.heard-again', 200]],
    );
  });

  test(`sources that fail one after another make a bounded number of events on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database);
    await house.sources.look();
    const names = Array.from({ length: 60 }, (_, at) => `host-${at}`);
    for (const one of names) await house.send(one);
    await spokenWithoutPause(house, database);
    await house.sources.look();
    for (const one of names) {
      // Each falls silent by itself, half a minute after the one before.
      for (const other of names.slice(names.indexOf(one) + 1)) await house.send(other);
      await house.pass(30_000);
    }
    await house.pass(20 * minuteMs);
    const counts = Object.groupBy(house.told(), ({ action }) => action);
    assert.ok((counts['source.silent']?.length ?? 0) <= 32, `${counts['source.silent']?.length}`);
    const together = counts['sources.silent'] ?? [];
    const named = together.reduce((sum, { details }) => sum + Number(details['count']), 0);
    assert.equal(named + (counts['source.silent']?.length ?? 0), 60);
  });

  test(`a crowd of one key hides nobody else's silence, and a crowd that thins out is one event on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database, { maxSourcesHeld: 2000 });
    await house.sources.look();
    // More than are named.
    const names = Array.from({ length: 110 }, (_, at) => `host-${at}`);
    for (const one of names) await house.send(one, 1, 'k1');
    await house.send('door', 1, 'k9');
    await spokenWithoutPause(house, database);
    await house.pass(30 * minuteMs);
    const [crowd] = house.told();
    assert.deepEqual([crowd?.action, crowd?.details['count']], ['sources.silent', 111]);
    const named = crowd?.details['sources'];
    assert.ok(Array.isArray(named) && named.length === 100 && named.includes('k9/door'));

    const thinning = names.slice(0, 20);
    await database
      .withTables<{ intake_sources: { volume: string } }>()
      .updateTable('intake_sources')
      .set({ volume: JSON.stringify({ hour: 1, lowest: Array.from({ length: 7 }, () => 1000) }) })
      .execute();
    house.restart();
    for (let passed = 0; passed < 3 * hourMs; passed += 5 * minuteMs) {
      for (const one of thinning) await house.send(one);
      await house.pass(5 * minuteMs);
    }
    const told = house.told().filter(({ action }) => action.endsWith('.thinned'));
    assert.deepEqual(
      told.map(({ action, device, details }) => [action, device, details['count']]),
      [['sources.thinned', 'many sources', 20]],
    );
  });
});
