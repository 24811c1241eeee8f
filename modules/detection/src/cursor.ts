import { origin } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { Database, MigrationSet, Transaction } from '@sallyport/platform/database';
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
export type Cursor = { read(): Promise<Position>; write(transaction: Transaction, position: Position): Promise<void> };

export function createCursor(database: Database): Cursor {
  const tables = database.withTables<Tables>();
  return {
    async read() {
      const row = await tables
        .selectFrom('detection_cursor')
        .selectAll()
        .where('name', '=', 'sigma')
        .executeTakeFirst();
      return row === undefined ? origin : { log: row.log, index: row.entry_index };
    },
    async write(transaction, position) {
      const place = { log: position.log, entry_index: position.index };
      await transaction
        .withTables<Tables>()
        .insertInto('detection_cursor')
        .values({ name: 'sigma', ...place })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(place))
        .execute();
    },
  };
}
