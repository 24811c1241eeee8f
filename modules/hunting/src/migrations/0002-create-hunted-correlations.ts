import type { Kysely, Migration } from 'kysely';

/** What correlations of a hunt count, until it ends, and the groups with which they came true. Both sealed: they hold values of events. */
export const createHuntedCorrelations: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .alterTable('hunt_rules')
      .addColumn('is_correlation', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await database.schema
      .alterTable('hunts')
      .addColumn('uncounted', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute();
    await database.schema
      .createTable('hunt_counted')
      .addColumn('hunt_id', 'text', (column) => column.notNull())
      .addColumn('part', 'integer', (column) => column.notNull())
      .addColumn('events', 'integer', (column) => column.notNull())
      .addColumn('detail', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('hunt_counted_key', ['hunt_id', 'part'])
      .execute();
    await database.schema
      .createTable('hunt_groups')
      .addColumn('hunt_id', 'text', (column) => column.notNull())
      .addColumn('ordinal', 'integer', (column) => column.notNull())
      .addColumn('rule_id', 'text', (column) => column.notNull())
      .addColumn('at_ms', 'bigint', (column) => column.notNull())
      .addColumn('detail', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('hunt_groups_key', ['hunt_id', 'ordinal'])
      .execute();
  },
};
