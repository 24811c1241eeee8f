import type { Kysely, Migration } from 'kysely';

/** What is open, sealed: see roll.ts. */
export const createPrivilegeRoll: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('privilege_roll')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
  },
};
