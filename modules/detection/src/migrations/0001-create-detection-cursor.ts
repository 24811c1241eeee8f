import type { Kysely, Migration } from 'kysely';

/** One row: the next position to scan. */
export const createDetectionCursor: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('detection_cursor')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('log', 'bigint', (column) => column.notNull())
      .addColumn('entry_index', 'bigint', (column) => column.notNull())
      .execute();
  },
};
