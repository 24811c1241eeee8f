import type { Kysely, Migration } from 'kysely';

/** What people said of how much an asset matters. The id is a keyed hash of kind and name; names and levels are sealed with it. */
export const createCriticalityTable: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('asset_criticality')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
  },
};
