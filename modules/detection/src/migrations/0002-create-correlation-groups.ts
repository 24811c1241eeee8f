import type { Kysely, Migration } from 'kysely';

/** One row a group of a correlation. Columns hold keyed hashes, positions and times: nothing that an event says. */
export const createCorrelationGroupsTable: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('detection_correlation_groups')
      .addColumn('correlation_id', 'text', (column) => column.notNull())
      .addColumn('group_key', 'text', (column) => column.notNull())
      .addColumn('fingerprint', 'text', (column) => column.notNull())
      .addColumn('matches', 'text', (column) => column.notNull())
      .addColumn('last_match_ms', 'bigint', (column) => column.notNull())
      .addColumn('fired_at_ms', 'bigint')
      .addPrimaryKeyConstraint('detection_correlation_groups_key', ['correlation_id', 'group_key'])
      .execute();
  },
};
