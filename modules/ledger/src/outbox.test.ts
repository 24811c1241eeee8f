import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { migrate, openDatabase } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { auditEvent } from './audit-event.ts';
import type { AppendBatch, Ledger } from './ledger.ts';
import { ledgerMigrations } from './migrations/migrations.ts';
import { createOutbox } from './outbox.ts';
import { temporaryDirectory } from './ledger-testing.ts';

const event = (name: string) =>
  auditEvent({
    nowMs: 1,
    actor: { kind: 'key', id: 'k1', name: 'n' },
    action: 'key.create',
    classUid: 3004,
    activityId: 1,
    outcome: 'success',
    target: { type: 'key', id: name },
  });

function fakeLedger(): Pick<Ledger, 'append'> & { seen: Map<string, string>; down: boolean } {
  const seen = new Map<string, string>();
  return {
    seen,
    down: false,
    async append(batch: AppendBatch) {
      if (this.down) throw new Error('down');
      for (const entry of batch.entries) {
        const id = `${entry.stream}/${entry.sequence}`;
        if (!seen.has(id)) seen.set(id, Buffer.from(entry.body).toString());
      }
      return batch.entries.map((_, index) => ({ log: 1, index }));
    },
  };
}

forEachDatabase((name, open) => {
  test(`an event recorded in a transaction reaches the ledger once it commits (${name})`, async () => {
    const { database } = await open();
    await migrate(database, [ledgerMigrations]);
    const ledger = fakeLedger();
    const outbox = createOutbox({ database, ledger, key: randomBytes(32), random: randomBytes, nowMs: () => 5 });
    await database.transaction().execute(async (transaction) => outbox.record(transaction, event('a')));
    await assert.rejects(
      database.transaction().execute(async (transaction) => {
        await outbox.record(transaction, event('rolled-back'));
        throw new Error('planted');
      }),
    );
    await outbox.flushed();
    assert.equal(ledger.seen.size, 1);
    assert.match([...ledger.seen.values()][0] ?? '', /key\.create/);
  });

  test(`a crash between append and delete, or a ledger that is down, neither loses nor doubles an event (${name})`, async () => {
    const { database } = await open();
    await migrate(database, [ledgerMigrations]);
    const ledger = fakeLedger();
    const key = randomBytes(32);
    const first = createOutbox({ database, ledger, key, random: randomBytes, nowMs: () => 5 });
    await database.transaction().execute(async (transaction) => first.record(transaction, event('a')));
    ledger.down = true;
    await assert.rejects(first.flushed());
    ledger.down = false;
    const failing: typeof ledger = {
      ...ledger,
      async append(batch) {
        await ledger.append(batch);
        throw new Error('killed after append');
      },
    };
    const second = createOutbox({ database, ledger: failing, key, random: randomBytes, nowMs: () => 5 });
    await assert.rejects(second.flushed());
    const third = createOutbox({ database, ledger, key, random: randomBytes, nowMs: () => 5 });
    await third.flushed();
    assert.equal(ledger.seen.size, 1);
  });

  test(`flushed() covers what was recorded while a flush was under way (${name})`, async () => {
    const { database } = await open();
    await migrate(database, [ledgerMigrations]);
    const ledger = fakeLedger();
    const outbox = createOutbox({ database, ledger, key: randomBytes(32), random: randomBytes, nowMs: () => 5 });
    const changes = Array.from({ length: 20 }, async (_, order) => {
      await database.transaction().execute(async (transaction) => outbox.record(transaction, event(`e${order}`)));
      await outbox.flushed();
      assert.ok([...ledger.seen.values()].some((body) => body.includes(`"e${order}"`)));
    });
    await Promise.all(changes);
    assert.equal(ledger.seen.size, 20);
  });
});

test('a waiting event is nowhere in the database file in clear', async (context) => {
  const directory = temporaryDirectory(context);
  const file = join(directory, 'control.db');
  const { database, close } = await openDatabase({ kind: 'sqlite', file });
  await migrate(database, [ledgerMigrations]);
  const outbox = createOutbox({
    database,
    ledger: fakeLedger(),
    key: randomBytes(32),
    random: randomBytes,
    nowMs: () => 5,
  });
  await database.transaction().execute(async (transaction) => outbox.record(transaction, event('PLANTED')));
  for (const suffix of ['', '-wal']) assert.equal(readFileSync(`${file}${suffix}`).includes('PLANTED'), false);
  await close();
});

async function openOutboxDatabase(context: TestContext): Promise<Database> {
  const { database, close } = await openDatabase({
    kind: 'sqlite',
    file: join(temporaryDirectory(context), 'control.db'),
  });
  context.after(close);
  await migrate(database, [ledgerMigrations]);
  return database;
}

test('a waiting event that does not open is recorded as such, and holds up nothing behind it', async (context) => {
  const database = await openOutboxDatabase(context);
  const ledger = fakeLedger();
  const common = { database, ledger, random: randomBytes, nowMs: () => 5 };
  const elsewhere = createOutbox({ ...common, key: randomBytes(32) });
  const outbox = createOutbox({ ...common, key: randomBytes(32) });
  await database.transaction().execute(async (transaction) => elsewhere.record(transaction, event('poison')));
  await database.transaction().execute(async (transaction) => outbox.record(transaction, event('good')));
  await outbox.flushed();
  const bodies = [...ledger.seen.values()];
  assert.equal(bodies.length, 2);
  assert.match(bodies[0] ?? '', /outbox\.unreadable.*"sealed":"[\w+/=]{50,}"/);
  assert.match(bodies[1] ?? '', /"good"/);
});

test('an event too large for the ledger stops its change instead of everything after it', async (context) => {
  const database = await openOutboxDatabase(context);
  const ledger = fakeLedger();
  const outbox = createOutbox({ database, ledger, key: randomBytes(32), random: randomBytes, nowMs: () => 5 });
  const large = event('x'.repeat(200_000));
  await assert.rejects(
    database.transaction().execute(async (transaction) => outbox.record(transaction, large)),
    { code: 'entry_invalid' },
  );
  await outbox.flushed();
  assert.equal(ledger.seen.size, 0);
});

test('flushed() called at the very moment a flush ends still covers what was recorded before', async (context) => {
  const database = await openOutboxDatabase(context);
  const ledger = fakeLedger();
  const outbox = createOutbox({ database, ledger, key: randomBytes(32), random: randomBytes, nowMs: () => 5 });
  const record = async (name: string): Promise<void> =>
    database.transaction().execute(async (transaction) => outbox.record(transaction, event(name)));
  for (let turns = 0; turns < 40; turns += 1) {
    const ending = outbox.flushed();
    const recorded = record(`late${turns}`).then(async () => {
      // From every microtask around the end of the first flush.
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      await outbox.flushed();
      assert.ok([...ledger.seen.values()].some((body) => body.includes(`"late${turns}"`)));
    });
    await Promise.all([ending, recorded]);
  }
});
