import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import type { EventStore } from './event-store.ts';
import { insertBytes, rangeBytes } from './insert-size.ts';
import { createRangeJournal, eventSearchMigrations } from './range-journal.ts';
import { createRangeWriter } from './range-writer.ts';

const mb = 1024 * 1024;

test('a store with less memory is given less at once, one by default as much as a frame may hold half of', () => {
  assert.equal(insertBytes(), 32 * mb);
  assert.equal(insertBytes(64 * 1024 * mb), 32 * mb);
  assert.equal(rangeBytes(), 24 * mb);
  assert.equal(rangeBytes(512 * mb), 8 * mb);
  // Of 6 MB of distinct words a store of 512 MB takes the memory it has, and of 8 more.
  assert.ok(insertBytes(512 * mb) <= 5 * mb);
  assert.ok(insertBytes(0) >= mb);
  for (let memory = 512; memory < 2048; memory += 64)
    assert.ok(insertBytes(memory * mb) < insertBytes((memory + 64) * mb));
});

test('a range is cut so that the store has the memory for each insert', async () => {
  const { database, close } = await openDatabase({ kind: 'sqlite', file: ':memory:' });
  await migrate(database, [eventSearchMigrations]);
  const inserted: number[] = [];
  const insert: EventStore['insert'] = async (events) => {
    inserted.push(events.reduce((sum, { body }) => sum + (body?.byteLength ?? 0), 0));
  };
  const ledger = createMemoryLedger({ clock: createManualClock(0) });
  const entries = Array.from({ length: 24 }, (_, sequence) => ({
    classUid: 1007,
    sequence,
    stream: 's',
    body: new Uint8Array(mb / 2),
  }));
  await ledger.append({ collector: 'intake/test', priority: 'intake', entries });
  const { events } = await ledger.read({ log: 1, index: 0 }, { maxEvents: 100, maxBytes: 64 * mb });
  const insertTo = async (memoryLimitBytes: number): Promise<readonly number[]> => {
    const store = { insert, extent: async () => ({ rows: 0, positions: 0 }), remove: async () => undefined };
    const writer = createRangeWriter({ store, journal: createRangeJournal(database), memoryLimitBytes });
    inserted.length = 0;
    await writer.insert(events, 'token');
    return [...inserted];
  };
  assert.deepEqual(await insertTo(512 * mb), [4 * mb, 4 * mb, 4 * mb]);
  assert.deepEqual(await insertTo(2048 * mb), [12 * mb]);
  await close();
});
