import type { Kysely, Migration } from 'kysely';

/** One row of each at most: the next position to apply, and the range that was begun and not finished. */
export const createSearchCursor: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('search_cursor')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('log', 'bigint', (column) => column.notNull())
      .addColumn('entry_index', 'bigint', (column) => column.notNull())
      .addColumn('removals', 'bigint', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('search_ranges')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('from_log', 'bigint', (column) => column.notNull())
      .addColumn('from_index', 'bigint', (column) => column.notNull())
      .addColumn('to_log', 'bigint', (column) => column.notNull())
      .addColumn('to_index', 'bigint', (column) => column.notNull())
      .execute();
  },
};
