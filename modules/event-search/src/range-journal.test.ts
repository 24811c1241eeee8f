import assert from 'node:assert/strict';
import { test } from 'node:test';
import { origin } from '@sallyport/contracts';
import { isUniqueViolation, migrate } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { createRangeJournal, eventSearchMigrations } from './range-journal.ts';

forEachDatabase((name, open) => {
  test(`the journal keeps the cursor, one begun range and the removals on ${name}`, async () => {
    const { database } = await open();
    await migrate(database, [eventSearchMigrations]);
    const journal = createRangeJournal(database);
    assert.deepEqual(await journal.read(), { cursor: origin, removals: 0 });
    const begun = { from: origin, to: { log: 1, index: 2 ** 50 } };
    await journal.begin(begun);
    assert.equal(await journal.countRemoval(), 1);
    assert.deepEqual(await journal.read(), { cursor: origin, begun, removals: 1 });
    await assert.rejects(journal.begin(begun), (error) => isUniqueViolation(error));
    await journal.commit(begun.to);
    assert.equal(await journal.countRemoval(), 2);
    assert.deepEqual(await journal.read(), { cursor: begun.to, removals: 2 });
  });
});
