// The journal's commits do not wait for the disk: after a loss of power, or of PostgreSQL's process, it stands several ranges back, while
// the store holds their rows.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { comparePositions, formatPosition, type Position } from '@sallyport/contracts';
import type { LedgerRange } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, type Database } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { createMemoryLedger, type MemoryLedger } from '@sallyport/testing/memory-ledger';
import { sql } from 'kysely';
import { createEmbeddedStore } from './embedded-store.ts';
import type { EventStore } from './event-store.ts';
import { eventsTable } from './events-table.ts';
import { createSearchProjection, type SearchProjection } from './projection.ts';
import { createRangeJournal, eventSearchMigrations } from './range-journal.ts';
import { parseLines, textIn } from './result-lines.ts';
import { createTestStore } from './store-testing.ts';

const testStore = createTestStore();
const store = createEmbeddedStore(testStore.client());
after(() => testStore.remove());

const journalTables = ['search_cursor', 'search_ranges'] as const;
type Table = (typeof journalTables)[number];
type Copy = ReadonlyMap<Table, Record<string, unknown>[]>;

async function copyOf(database: Database): Promise<Copy> {
  const copy = new Map<Table, Record<string, unknown>[]>();
  for (const table of journalTables)
    copy.set(table, (await sql<Record<string, unknown>>`select * from ${sql.table(table)}`.execute(database)).rows);
  return copy;
}

/** As the database comes up again without what did not wait for the disk since: how often rows were removed did. */
async function putBack(database: Database, copy: Copy): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    const own = transaction.withTables<Record<Table, Record<string, unknown>>>();
    const { removals } = await own.selectFrom('search_cursor').select('removals').executeTakeFirstOrThrow();
    for (const [table, rows] of copy) {
      await own.deleteFrom(table).execute();
      if (rows.length > 0) await own.insertInto(table).values(rows).execute();
    }
    await own.updateTable('search_cursor').set({ removals }).execute();
  });
}

let days = 0;
let sequence = 0;

async function append(ledger: MemoryLedger, count: number): Promise<void> {
  const entries = Array.from({ length: count }, () => {
    sequence += 1;
    return { classUid: 1007, sequence, body: Buffer.from(JSON.stringify({ class_uid: 1007, message: `${sequence}` })) };
  });
  await ledger.append({ collector: 'test', priority: 'intake', entries });
}

/** Everything between two places, as the runner reads again what was begun. */
async function exactly(ledger: MemoryLedger, { from, to }: { from: Position; to: Position }): Promise<LedgerRange> {
  const { events } = await ledger.read(from, { maxEvents: 10_000, maxBytes: 1e6 });
  return { from, to, events: events.filter(({ position }) => comparePositions(position, to) < 0) };
}

/** As a start does, until the head; gives where it began. */
async function start(projection: SearchProjection, ledger: MemoryLedger, maxEvents: number): Promise<Position> {
  const { cursor: begun, unfinished } = await projection.load(ledger.head());
  let cursor = begun;
  if (unfinished !== undefined) {
    await projection.apply(await exactly(ledger, unfinished));
    cursor = unfinished.to;
  }
  while (comparePositions(cursor, ledger.head()) < 0) {
    const range = await ledger.read(cursor, { maxEvents, maxBytes: 1e6 });
    await projection.apply(range);
    cursor = range.to;
  }
  return begun;
}

/** Every event of the ledger is a row once, and there are no others. */
async function assertSame(ledger: MemoryLedger): Promise<void> {
  const { lines } = await store.query({
    sql: `SELECT concat(toString(log), '/', toString(idx), ' ', body) AS row FROM ${eventsTable} ORDER BY log, idx`,
    parameters: {},
    lane: 'search',
    timeoutMs: 60_000,
    maxRows: 100_000,
    maxBytes: 1e7,
  });
  assert.deepEqual(
    parseLines(lines).map((row) => textIn(row, 'row')),
    ledger.events().map(({ position, body }) => `${formatPosition(position)} ${Buffer.from(body ?? []).toString()}`),
  );
}

forEachDatabase((name, open) => {
  /** A store of 20 rows and their journal; `restart` makes another projection on the same state. */
  async function world() {
    await store.remove({ from: { log: 0, index: 0 } });
    const { database } = await open();
    await migrate(database, [eventSearchMigrations]);
    days += 1;
    const ledger = createMemoryLedger({ clock: createManualClock(Date.UTC(2026, 4, days)) });
    const journal = createRangeJournal(database);
    const restart = (parts: { store?: EventStore } = {}) =>
      createSearchProjection({ store, journal, ledger, log: () => undefined, ...parts });
    await append(ledger, 20);
    await start(restart(), ledger, 10);
    return { database, ledger, journal, restart };
  }

  test(`set back by three ranges, the store ends with every event once, however ranges are cut, on ${name}`, async () => {
    const { database, ledger, journal, restart } = await world();
    const copy = await copyOf(database);
    const { cursor } = await journal.read();
    await append(ledger, 30);
    const running = restart();
    await start(running, ledger, 10);
    await assertSame(ledger);
    for (const maxEvents of [10, 7, 100]) {
      await putBack(database, copy);
      assert.deepEqual(await start(restart(), ledger, maxEvents), cursor);
      await assertSame(ledger);
    }
    // The process that went on is not let over the gap, and loads again.
    const { cursor: reached } = await running.load(ledger.head());
    await putBack(database, copy);
    await append(ledger, 5);
    const next = await ledger.read(reached, { maxEvents: 10, maxBytes: 1e6 });
    await assert.rejects(running.apply(next), { code: 'range_mismatch' });
    await start(running, ledger, 10);
    await assertSame(ledger);
  });

  test(`set back into the middle of a range, with two more behind it, the store ends with every event once, on ${name}`, async () => {
    for (const moment of ['before its rows', 'after its rows'] as const) {
      const { database, ledger, journal, restart } = await world();
      const { cursor } = await journal.read();
      await append(ledger, 30);
      let copy: Copy | undefined;
      const insert: EventStore['insert'] = async (events, token) => {
        if (moment === 'before its rows') copy ??= await copyOf(database);
        await store.insert(events, token);
        copy ??= await copyOf(database);
      };
      await start(restart({ store: { ...store, insert } }), ledger, 10);
      assert.ok(copy);
      for (const maxEvents of [10, 4]) {
        await putBack(database, copy);
        const { cursor: older, begun } = await journal.read();
        assert.deepEqual([older, begun?.from], [cursor, cursor], 'begun, with the older cursor');
        assert.ok(begun && comparePositions(begun.to, ledger.head()) < 0);
        await start(restart(), ledger, maxEvents);
        await assertSame(ledger);
        assert.deepEqual((await journal.read()).cursor, ledger.head());
      }
    }
  });
});
