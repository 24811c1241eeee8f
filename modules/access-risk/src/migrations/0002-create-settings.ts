import type { Kysely, Migration } from 'kysely';

/** From which risk on what happens: one row, sealed, so that nobody who writes to the database turns it off. */
export const createSettings: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('access_risk_settings')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
  },
};
