import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createProjectionRunner } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { createLog } from '@sallyport/platform/log';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { createEventSearch, eventSearchMigrations, parseQuery } from './index.ts';
import { createTestStore } from './store-testing.ts';

const testStore = createTestStore();
const directory = mkdtempSync(join(tmpdir(), 'sallyport-search-'));
const opened = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
after(async () => {
  await opened.close();
  await testStore.remove();
  rmSync(directory, { recursive: true, force: true });
});

test('events appended while the store is killed again and again are all found, once', async () => {
  await migrate(opened.database, [eventSearchMigrations]);
  const clock = createManualClock(Date.UTC(2026, 1, 1));
  const ledger = createMemoryLedger({ clock });
  const client = testStore.client();
  const outbox = { record: async () => undefined, flushed: async () => undefined };
  const common = { database: opened.database, ledger, outbox, clock, mappings: [], log: () => undefined };
  const search = createEventSearch({ store: { client }, ...common });
  const down = createEventSearch({ store: { client: testStore.client({ key: Buffer.alloc(32) }) }, ...common });
  await search.health();
  const runner = createProjectionRunner({
    ledger,
    projection: search.projection,
    log: createLog({ clock, write: () => undefined }),
    delay: () => new Promise(setImmediate),
  });
  let sequence = 0;
  for (let round = 0; round < 4; round += 1) {
    for (let batch = 0; batch < 5; batch += 1) {
      const entries = Array.from({ length: 20 }, () => {
        sequence += 1;
        return {
          classUid: 1,
          sequence,
          body: Buffer.from(JSON.stringify({ class_uid: 1, user: { name: `user${sequence}` } })),
        };
      });
      await ledger.append({ collector: 'test', priority: 'intake', entries });
    }
    await testStore.kill();
  }
  await runner.caughtUpTo(ledger.head(), AbortSignal.timeout(120_000));
  await runner.stop();
  assert.equal((await search.count({})).count, sequence);
  const { condition } = parseQuery('user:USER77 class:1');
  assert.ok(condition);
  assert.equal((await search.count({ query: condition })).count, 1);
  assert.deepEqual(await search.health(), {
    isUp: true,
    rows: sequence,
    lagEntries: 0,
    cursor: ledger.head(),
    lastError: undefined,
  });
  await testStore.kill();
  const health = await down.health();
  assert.equal(health.isUp, false);
  assert.match(health.lastError ?? '', /key is not the one/);
});
