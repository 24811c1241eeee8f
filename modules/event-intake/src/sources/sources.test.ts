import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { collectorKey } from '../intake-testing.ts';
import { startSources } from './sources-testing.ts';

const by = { kind: 'user', id: 'u1', name: 'kim' };

forEachDatabase((name, open) => {
  test(`sources are registered once, bounded for each key and audited on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database, { maxSourcesPerKey: 2 });
    await Promise.all([house.send('web'), house.send('web'), house.send('dns')]);
    await house.send('web', 1, 'k2');
    await assert.rejects(house.send('third'), { code: 'too_many_sources' });
    house.restart();
    await house.send('web');

    const listed = (await house.sources.list({ limit: 10 })).map((source) => [
      source.keyId,
      source.name,
      source.createdAtMs,
    ]);
    assert.deepEqual(listed, [
      ['k1', 'dns', 1_760_000_000_000],
      ['k1', 'web', 1_760_000_000_000],
      ['k2', 'web', 1_760_000_000_000],
    ]);
    const page = await house.sources.list({ limit: 1, after: { keyId: 'k1', name: 'dns' } });
    assert.deepEqual(
      page.map((source) => source.name),
      ['web'],
    );
    const [last] = await house.sources.list({ limit: 9, after: { keyId: 'k1', name: 'web' } });
    assert.equal(last?.keyId, 'k2');
    assert.equal(house.ledger.events().length, 3);
  });

  test(`a source whose audit event cannot be recorded is not used on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database);
    house.ledger.refuseAppends('unavailable', { times: 2 });
    await assert.rejects(house.send('web'), { code: 'unavailable' });
    await assert.rejects(house.send('web'), { code: 'unavailable' });
    await house.send('web');
    assert.equal(house.ledger.events().length, 1);
  });

  test(`what a source sent is known after a restart: all of it when it was closed, all but a minute when it was killed, on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database);
    const accepted = async (): Promise<number> => (await house.sources.read('k1', 'web')).figures.totals.accepted;
    await house.send('web', 5);
    await house.send('web', 7);
    house.restart();
    assert.equal(await accepted(), 5);
    await house.send('web', 7);
    await house.sources.close();
    house.restart();
    assert.equal(await accepted(), 12);
    await house.send('web', 1);
    await house.sources.refused(collectorKey, 'web', { code: 'body_corrupt', message: 'Cannot read it' });
    await house.pass(90_000);
    house.restart();
    assert.equal(await accepted(), 13);
    const { totals } = (await house.sources.read('k1', 'web')).figures;
    assert.deepEqual([...totals.refused], [['body_corrupt', 1]]);
  });

  test(`sources that sent longest ago make room in memory and lose nothing on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database, { maxSourcesHeld: 3 });
    for (let at = 0; at < 20; at += 1) {
      await house.send(`s${at}`, 2);
      await house.send(`s${at}`, 3);
      house.clock.advance(660_000);
    }
    assert.ok(house.sources.lately(100).length <= 3);
    const sums = (await house.sources.list({ limit: 100 })).map(({ figures }) => figures.totals.accepted);
    assert.deepEqual(
      sums,
      Array.from({ length: 20 }, () => 5),
    );
  });

  test(`a request that outlives its source in memory is counted with those that came after, on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database, { maxSourcesHeld: 1 });
    const received = (accepted: number): Parameters<typeof long.received>[0] => ({
      accepted,
      bytes: accepted,
      keptRaw: new Map(),
      summary: { formats: {}, lags: [] },
    });
    const long = await house.sources.open(collectorKey, 'web');
    house.clock.advance(660_000);
    await house.send('dns');
    await house.send('web', 5);
    await long.received(received(3));
    assert.equal((await house.sources.read('k1', 'web')).figures.totals.accepted, 8);
    // Nor is it forgotten when it is the only one.
    house.clock.advance(660_000);
    await house.send('dns');
    await long.received(received(2));
    await house.sources.close();
    house.restart();
    assert.equal((await house.sources.read('k1', 'web')).figures.totals.accepted, 10);
  });

  test(`a limit that is set while a source is opened holds, on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database);
    await house.send('web');
    for (let turns = 0; turns < 30; turns += 1) {
      await house.sources.close();
      house.restart();
      const opened = house.sources.open(collectorKey, 'web');
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      await house.sources.change({ keyId: 'k1', name: 'web', by, eventsPerSecond: turns + 1 });
      await opened;
      assert.equal((await house.sources.read('k1', 'web')).settings.eventsPerSecond, turns + 1, `after ${turns}`);
    }
  });

  test(`of two who change a source at once the second is told, and every change is audited on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database);
    await house.send('web');
    const one = { keyId: 'k1', name: 'web', by, revision: 0 };
    const outcomes = await Promise.allSettled([
      house.sources.change({ ...one, label: 'Web server', expected: 'always' }),
      house.sources.change({ ...one, label: 'Shop' }),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    const [, lost] = outcomes;
    assert.ok(lost.status === 'rejected');
    assert.equal(lost.reason.code, 'source_changed');
    assert.deepEqual(lost.reason.details, { revision: 1 });
    const changed = await house.sources.change({ ...one, revision: 1, label: null, eventsPerSecond: 5 });
    assert.deepEqual(changed.settings, { expected: 'always', eventsPerSecond: 5, bytesPerDay: 1024 ** 4 });
    house.restart();
    assert.equal((await house.sources.read('k1', 'web')).settings.eventsPerSecond, 5);
    assert.deepEqual(
      house.told().map(({ action, details }) => [action, JSON.stringify(details).includes('Web server')]),
      [
        ['source.change', true],
        ['source.change', true],
      ],
    );
    await assert.rejects(house.sources.change({ ...one, name: 'none' }), { code: 'source_unknown' });
  });
});
