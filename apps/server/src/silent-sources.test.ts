import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { rulesDirectory } from '@sallyport/content';
import { comparePositions } from '@sallyport/contracts';
import { createDetection, detectionMigrations } from '@sallyport/detection';
import { createEventIntake, eventIntakeMigrations, watchEveryMs } from '@sallyport/event-intake';
import { alertMigrations, createAlerts } from '@sallyport/incident-response';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import type { Projection } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';

const key = { kind: 'key', id: 'k1', name: 'collector' } as const;
const minuteMs = 60_000;

test('a source that falls silent again and again is one alert, which names it and since when; fifty at once are one more', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-silent-'));
  const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  await migrate(database, [ledgerMigrations, eventIntakeMigrations, detectionMigrations, alertMigrations]);
  const clock = createManualClock(Date.UTC(2026, 0, 2, 3, 4, 5));
  const ledger = createMemoryLedger({ clock });
  const random = randomBytes;
  const outbox = createOutbox({ database, ledger, key: randomBytes(32), random, nowMs: () => clock.nowMs() });
  const common = { ledger, database, outbox, clock, random, every: () => () => undefined };
  const intake = createEventIntake(common);
  const detection = await createDetection({
    ...common,
    ruleDirectories: [{ name: 'bundled', path: join(rulesDirectory, 'sallyport') }],
    correlationKey: new Uint8Array(32).fill(7),
  });
  const alerts = createAlerts({ ...common, sealingKey: new Uint8Array(32).fill(9) });
  t.after(async () => {
    await intake.close();
    await detection.close();
    await alerts.close();
    await close();
    rmSync(directory, { recursive: true, force: true });
  });

  const send = (source: string) =>
    intake.acceptEvents({
      principal: key,
      source,
      reading: { format: 'json' },
      events: [{ bytes: Buffer.from('{}') }],
    });
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= watchEveryMs) {
      clock.advance(watchEveryMs);
      await intake.watch();
    }
  };
  const listed = async () => {
    for (const projection of [detection.projection, alerts.projection]) await catchUp(projection, ledger);
    const found = await alerts.list({ limit: 100 });
    return found.map(({ title, count, entities }) => [title, count, entities.host]);
  };

  await intake.watch();
  await send('web');
  const wanted = { keyId: 'k1', by: key, expected: 'always', quietAfterMs: 2 * minuteMs } as const;
  await intake.sources.change({ ...wanted, name: 'web' });
  for (let times = 0; times < 4; times += 1) {
    await pass(4 * minuteMs);
    await send('web');
    await pass(minuteMs / 2);
  }
  assert.deepEqual(await listed(), [['A Source Fell Silent', 4, 'k1/web']]);
  const [alert] = await alerts.list({ limit: 1 });
  const { stored } = await alerts.get(alert?.id ?? '');
  const said = (stored?.finding.matched ?? []).map(({ value }) => value).join(' ');
  assert.match(said, /Source "web" of k1 is silent since 2026-01-02T03:\d\d:\d\d/);

  await intake.sources.change({ ...wanted, name: 'web', expected: 'never' });
  // A rhythm of an hour without a pause, so that each is expected to go on.
  for (let minute = 0; minute <= 61; minute += 1) {
    for (let host = 0; host < 50; host += 1) await send(`host-${host}`);
    await pass(minuteMs);
  }
  await pass(30 * minuteMs);
  assert.deepEqual((await listed()).toReversed(), [
    ['A Source Fell Silent', 4, 'k1/web'],
    ['Many Sources Fell Silent Together', 1, 'many sources'],
  ]);
});

async function catchUp(projection: Projection, ledger: ReturnType<typeof createMemoryLedger>): Promise<void> {
  let { cursor } = await projection.load(ledger.head());
  while (comparePositions(cursor, ledger.head()) < 0) {
    const range = await ledger.read(cursor, { maxEvents: 1000, maxBytes: 10_000_000 });
    if (comparePositions(range.to, cursor) === 0) return;
    await projection.apply(range);
    cursor = range.to;
  }
}
