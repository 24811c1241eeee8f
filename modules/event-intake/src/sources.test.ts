import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { eventIntakeMigrations } from './index.ts';
import { collectorKey } from './intake-testing.ts';
import { standingOf } from './source-rhythm.ts';
import { createSources } from './sources.ts';

forEachDatabase((name, open) => {
  test(`sources are registered once, bounded for each key and audited on ${name}`, async () => {
    const { database } = await open();
    await migrate(database, [ledgerMigrations, eventIntakeMigrations]);
    const clock = createManualClock(1_760_000_000_000);
    const ledger = createMemoryLedger({ clock });
    let drawn = 0;
    const random = (length: number): Buffer => Buffer.alloc(length, (drawn += 1));
    const outbox = createOutbox({ database, ledger, key: Buffer.alloc(32, 7), random, nowMs: () => clock.nowMs() });
    const needs = { database, outbox, clock, maxSourcesPerKey: 2 };
    const sources = createSources(needs);
    const other = { ...collectorKey, id: 'k2' };

    await Promise.all([
      sources.open(collectorKey, 'web'),
      sources.open(collectorKey, 'web'),
      sources.open(collectorKey, 'dns'),
    ]);
    await sources.open(other, 'web');
    await assert.rejects(sources.open(collectorKey, 'third'), { code: 'too_many_sources' });
    await createSources(needs).open(collectorKey, 'web');

    const listed = (await sources.list({ limit: 10 })).map((source) => [source.keyId, source.name, source.createdAtMs]);
    assert.deepEqual(listed, [
      ['k1', 'dns', 1_760_000_000_000],
      ['k1', 'web', 1_760_000_000_000],
      ['k2', 'web', 1_760_000_000_000],
    ]);
    const page = await sources.list({ limit: 1, after: { keyId: 'k1', name: 'dns' } });
    assert.deepEqual(
      page.map((source) => source.name),
      ['web'],
    );
    const [last] = await sources.list({ limit: 9, after: { keyId: 'k1', name: 'web' } });
    assert.equal(last?.keyId, 'k2');
    assert.equal(ledger.events().length, 3);
  });

  test(`how a source sends is known after a restart too on ${name}`, async () => {
    const { database } = await open();
    await migrate(database, [ledgerMigrations, eventIntakeMigrations]);
    const clock = createManualClock(1_760_000_000_000);
    const ledger = createMemoryLedger({ clock });
    const random = (length: number): Buffer => Buffer.alloc(length, 1);
    const outbox = createOutbox({ database, ledger, key: Buffer.alloc(32, 7), random, nowMs: () => clock.nowMs() });
    const needs = { database, outbox, clock, maxSourcesPerKey: 2 };
    const sources = createSources(needs);
    await sources.open(collectorKey, 'nightly');
    for (let night = 0; night < 5; night += 1) {
      await sources.heard('k1', 'nightly', clock.nowMs());
      clock.advance(86_400_000);
    }
    const restarted = createSources(needs);
    const stateOf = async () => {
      const [found] = await restarted.list({ limit: 1 });
      return standingOf(found?.rhythm, clock.nowMs()).state;
    };
    assert.equal(await stateOf(), 'quiet');
    clock.advance(86_400_000);
    assert.equal(await stateOf(), 'silent');
    await restarted.open(collectorKey, 'nightly');
    await restarted.heard('k1', 'nightly', clock.nowMs());
    assert.equal(await stateOf(), 'heard');
  });

  test(`a source whose audit event cannot be recorded is not used on ${name}`, async () => {
    const { database } = await open();
    await migrate(database, [ledgerMigrations, eventIntakeMigrations]);
    const clock = createManualClock(0);
    const ledger = createMemoryLedger({ clock });
    const outbox = createOutbox({
      database,
      ledger,
      key: Buffer.alloc(32, 7),
      random: (length) => Buffer.alloc(length, 1),
      nowMs: () => clock.nowMs(),
    });
    const sources = createSources({ database, outbox, clock, maxSourcesPerKey: 2 });
    ledger.refuseAppends('unavailable', { times: 2 });
    await assert.rejects(sources.open(collectorKey, 'web'), { code: 'unavailable' });
    await assert.rejects(sources.open(collectorKey, 'web'), { code: 'unavailable' });
    await sources.open(collectorKey, 'web');
    assert.equal(ledger.events().length, 1);
  });
});
