import type { Kysely, Migration } from 'kysely';

/** What a passkey is verified with stands sealed: a row that somebody else wrote opens nothing. */
export const addSealedPasskeys: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .alterTable('privilege_break_glass')
      .addColumn('needs_passkey', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute();
    await database.schema
      .createTable('privilege_break_glass_passkeys')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('account_id', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('last_used_at_ms', 'bigint')
      .addColumn('counter', 'bigint', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
  },
};
