import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { systemClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { createEventIntake, eventIntakeMigrations } from './index.ts';
import { collectorKey } from './intake-testing.ts';

test('a refusal stands when the database is gone in which it would be counted', async (t) => {
  const { database, close } = await openDatabase({ kind: 'sqlite', file: ':memory:' });
  await migrate(database, [ledgerMigrations, eventIntakeMigrations]);
  const ledger = createMemoryLedger({ clock: systemClock });
  const outbox = createOutbox({
    database,
    ledger,
    key: randomBytes(32),
    random: randomBytes,
    nowMs: systemClock.nowMs,
  });
  const intake = createEventIntake({ ledger, database, outbox, clock: systemClock, random: randomBytes });
  t.after(() => intake.close());
  await close();
  // What a driver says of a connection that is gone has no code.
  await intake.refused({ principal: collectorKey, source: 'web' }, { code: 'body_corrupt', message: 'Cannot read it' });
  assert.equal(intake.totals.totals.refused.get('body_corrupt'), 1);
});
