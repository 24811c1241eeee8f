import type { MigrationSet } from '@sallyport/platform/database';

/** What each role must show to come in, what a ticket's holder has shown already, and codes by e-mail and SMS. */
export const signInRules: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema
      .createTable('identity_role_requirements')
      .addColumn('role', 'text', (column) => column.primaryKey())
      .addColumn('least_assurance', 'integer', (column) => column.notNull())
      .addColumn('factors', 'text', (column) => column.notNull())
      .addColumn('proves_with_passkey', 'integer', (column) => column.notNull())
      .addColumn('enforced_from_ms', 'bigint')
      .execute();
    await schema.alterTable('identity_tickets').addColumn('shown', 'text').execute();
    await schema
      .createTable('identity_code_senders')
      .addColumn('kind', 'text', (column) => column.primaryKey())
      .addColumn('enabled', 'integer', (column) => column.notNull())
      .addColumn('settings', 'text', (column) => column.notNull())
      .execute();
    await schema
      .createTable('identity_code_addresses')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('address', 'text', (column) => column.notNull())
      .addColumn('verified', 'integer', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await schema
      .createIndex('identity_code_addresses_by_user')
      .on('identity_code_addresses')
      .column('user_id')
      .execute();
    await schema
      .createTable('identity_sent_codes')
      .addColumn('bound_to', 'text', (column) => column.primaryKey())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('address_id', 'text', (column) => column.notNull())
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull())
      .execute();
  },
};
