import type { MigrationSet } from '@sallyport/platform/database';

/** What each role must show to come in, and what a ticket's holder has shown already. */
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
  },
};
