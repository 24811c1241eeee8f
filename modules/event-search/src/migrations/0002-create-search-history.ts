import type { Kysely, Migration } from 'kysely';

/** One row at most: whether history is shown by newer mappings than it was sealed by, up to where, and how far that is. */
export const createSearchHistory: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('search_history')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('mappings', 'text', (column) => column.notNull())
      .addColumn('until_log', 'bigint', (column) => column.notNull())
      .addColumn('until_index', 'bigint', (column) => column.notNull())
      .addColumn('asked_ms', 'bigint', (column) => column.notNull())
      .addColumn('kept', 'bigint', (column) => column.notNull())
      .execute();
  },
};
