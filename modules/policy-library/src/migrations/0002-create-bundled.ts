import type { Kysely, Migration } from 'kysely';

/** The policies that came with each release that ran here: what was decided under them can be explained after an update. */
export const createBundled: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('policy_bundled')
      .addColumn('hash', 'text', (column) => column.notNull().primaryKey())
      .addColumn('first_ms', 'bigint', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
  },
};
