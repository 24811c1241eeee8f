import type { Kysely, Migration } from 'kysely';

/** One row a rule: how often it matched in the hour of ledger time it last matched in. */
export const createMatchCounts: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('detection_match_counts')
      .addColumn('rule_id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('window_start_ms', 'bigint', (column) => column.notNull())
      .addColumn('matches', 'bigint', (column) => column.notNull())
      .execute();
  },
};
