import type { Kysely, Migration } from 'kysely';

/** What a provider is called, where it is, and whose account is whose stand sealed. */
export const createSignInProviderTables: Migration = {
  async up(database: Kysely<unknown>) {
    const { schema } = database;
    await schema
      .createTable('sign_in_providers')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('revision', 'bigint', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('settings', 'text', (column) => column.notNull())
      .addColumn('secret', 'text')
      .addColumn('client_keys', 'text', (column) => column.notNull())
      .addColumn('last_success_at_ms', 'bigint')
      .addColumn('last_failure_at_ms', 'bigint')
      .addColumn('last_failure', 'text')
      .execute();
    await schema
      .createTable('sign_in_links')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('provider_id', 'text', (column) => column.notNull())
      .addColumn('user_id', 'text', (column) => column.notNull())
      /** Issuer and subject. */
      .addColumn('account', 'text', (column) => column.notNull())
      .addColumn('account_key', 'text', (column) => column.notNull().unique())
      /** What they are called there. */
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .addColumn('last_used_at_ms', 'bigint')
      .execute();
    for (const column of ['provider_id', 'user_id'])
      await schema.createIndex(`sign_in_links_by_${column}`).on('sign_in_links').column(column).execute();
    /** Of what is good once and kept elsewhere: attempts, logout tokens, ID tokens. */
    await schema
      .createTable('sign_in_spent')
      .addColumn('hash', 'text', (column) => column.notNull().primaryKey())
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .execute();
  },
};
