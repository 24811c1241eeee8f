import type { Kysely, Migration } from 'kysely';

/** Documents as they are being written, versions of all of them, and which version is in force. What people wrote is sealed. */
export const createPolicies: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('policy_documents')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addColumn('changed_ms', 'bigint', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('policy_versions')
      .addColumn('version', 'integer', (column) => column.notNull().primaryKey())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('made_ms', 'bigint', (column) => column.notNull())
      .addColumn('activated_ms', 'bigint')
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('bundled_hash', 'text', (column) => column.notNull())
      .addColumn('from_version', 'integer')
      .addColumn('sealed_head', 'text', (column) => column.notNull())
      .addColumn('sealed_texts', 'text', (column) => column.notNull())
      .execute();
    // One row. Two who put something into force at once both say what they believe is in force; one of them is wrong.
    await database.schema
      .createTable('policy_in_force')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
  },
};
