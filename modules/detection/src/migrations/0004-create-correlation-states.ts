import type { Kysely, Migration } from 'kysely';

/**
 * The state of correlations in its present form; what was counted in the form before is counted anew. Groups are sealed: their
 * numbers are what events said. Sources are keyed hashes.
 */
export const createCorrelationStates: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema.dropTable('detection_correlation_groups').execute();
    await database.schema
      .createTable('detection_correlation_groups')
      .addColumn('correlation_id', 'text', (column) => column.notNull())
      .addColumn('group_key', 'text', (column) => column.notNull())
      .addColumn('fingerprint', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('touched_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('detection_correlation_states_key', ['correlation_id', 'group_key'])
      .execute();
    await database.schema
      .createTable('detection_correlation_sources')
      .addColumn('source_key', 'text', (column) => column.primaryKey())
      .addColumn('newest_ms', 'double precision', (column) => column.notNull())
      .addColumn('seen_ms', 'double precision', (column) => column.notNull())
      .execute();
  },
};
