import { comparePositions, formatPosition, origin } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { Database, MigrationSet, Transaction } from '@sallyport/platform/database';
import { DetectionError } from './errors.ts';
import { createDetectionCursor } from './migrations/0001-create-detection-cursor.ts';
import { createCorrelationGroupsTable } from './migrations/0002-create-correlation-groups.ts';
import { createMatchCounts } from './migrations/0003-create-match-counts.ts';
import { createCorrelationStates } from './migrations/0004-create-correlation-states.ts';
import { createLogSources } from './migrations/0005-create-log-sources.ts';
import { createRuleCostsTable } from './migrations/0006-create-rule-costs.ts';

type Tables = { detection_cursor: { name: string; log: number; entry_index: number } };

export const detectionMigrations: MigrationSet = {
  module: 'detection',
  migrations: {
    '0001-create-detection-cursor': createDetectionCursor,
    '0002-create-correlation-groups': createCorrelationGroupsTable,
    '0003-create-match-counts': createMatchCounts,
    '0004-create-correlation-states': createCorrelationStates,
    '0005-create-log-sources': createLogSources,
    '0006-create-rule-costs': createRuleCostsTable,
  },
};

/** How far detection got: findings of everything before it are in the ledger. */
export type Cursor = {
  read(): Promise<Position>;
  /**
   * Moves it from where this process read it or moved it last. Throws `cursor_moved` where it stands elsewhere: commits of before were
   * lost, or another process moved it, and what is in memory does not belong to what is saved. To be read again then.
   */
  move(transaction: Transaction, to: Position): Promise<void>;
};

const name = 'sigma';

export function createCursor(database: Database): Cursor {
  const tables = database.withTables<Tables>();
  let last = origin;
  return {
    async read() {
      const row = await tables.selectFrom('detection_cursor').selectAll().where('name', '=', name).executeTakeFirst();
      last = row === undefined ? origin : { log: row.log, index: row.entry_index };
      return last;
    },
    async move(transaction, to) {
      const { numUpdatedRows } = await transaction
        .withTables<Tables>()
        .updateTable('detection_cursor')
        .set({ log: to.log, entry_index: to.index })
        .where('name', '=', name)
        .where('log', '=', last.log)
        .where('entry_index', '=', last.index)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 0n && !(comparePositions(last, origin) === 0 && (await isFirst(transaction, to))))
        throw new DetectionError(
          'cursor_moved',
          `Cannot go on from ${formatPosition(last)}: the saved place must be the same, and is another`,
        );
      last = to;
    },
  };
}

/** Whether there was no place yet, and this is it now. */
async function isFirst(transaction: Transaction, to: Position): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await transaction
    .withTables<Tables>()
    .insertInto('detection_cursor')
    .values({ name, log: to.log, entry_index: to.index })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}
