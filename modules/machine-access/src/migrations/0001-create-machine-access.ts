import type { MigrationSet } from '@sallyport/platform/database';
import { siteNames } from './0002-site-names.ts';
import { loginOrigins } from './0003-login-origins.ts';

/** Names, what credentials say and where a sign-in came from are sealed; tokens, codes and secrets are hashes. */
const createMachineAccess: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema
      .createTable('machine_accounts')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('description', 'text', (column) => column.notNull())
      .addColumn('owner_id', 'text', (column) => column.notNull())
      .addColumn('scopes', 'text', (column) => column.notNull())
      .addColumn('sites', 'text')
      .addColumn('bound_only', 'integer', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .addColumn('expires_at_ms', 'bigint')
      .addColumn('suspended_at_ms', 'bigint')
      .addColumn('suspended_for', 'text')
      .addColumn('last_used_at_ms', 'bigint')
      .execute();
    await schema.createIndex('machine_accounts_by_owner').on('machine_accounts').column('owner_id').execute();
    await schema
      .createTable('machine_credentials')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('account_id', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('hash', 'text')
      .addColumn('document', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .addColumn('expires_at_ms', 'bigint')
      .addColumn('last_used_at_ms', 'bigint')
      .execute();
    await schema.createIndex('machine_credentials_by_account').on('machine_credentials').column('account_id').execute();
    await schema
      .createTable('machine_logins')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('client_id', 'text', (column) => column.notNull())
      .addColumn('scopes', 'text')
      .addColumn('bound_to', 'text', (column) => column.notNull())
      .addColumn('assurance', 'integer', (column) => column.notNull())
      .addColumn('methods', 'text', (column) => column.notNull())
      .addColumn('authenticated_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('last_used_at_ms', 'bigint')
      .addColumn('sealed_client', 'text', (column) => column.notNull())
      .execute();
    await schema.createIndex('machine_logins_by_user').on('machine_logins').column('user_id').execute();
    await schema
      .createTable('machine_tokens')
      .addColumn('hash', 'text', (column) => column.primaryKey())
      .addColumn('id', 'text', (column) => column.notNull().unique())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('account_id', 'text')
      .addColumn('login_id', 'text')
      .addColumn('scopes', 'text')
      .addColumn('bound_to', 'text')
      .addColumn('issued_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('used_at_ms', 'bigint')
      .execute();
    for (const column of ['account_id', 'login_id', 'expires_at_ms'])
      await schema.createIndex(`machine_tokens_by_${column}`).on('machine_tokens').column(column).execute();
    await schema
      .createTable('machine_device_codes')
      .addColumn('hash', 'text', (column) => column.primaryKey())
      .addColumn('user_code_hash', 'text', (column) => column.notNull().unique())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('client_id', 'text', (column) => column.notNull())
      .addColumn('scopes', 'text')
      .addColumn('bound_to', 'text')
      .addColumn('sealed_client', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('interval_s', 'integer', (column) => column.notNull())
      .addColumn('polled_at_ms', 'bigint')
      .addColumn('user_id', 'text')
      .addColumn('assurance', 'integer')
      .addColumn('methods', 'text')
      .addColumn('authenticated_at_ms', 'bigint')
      .addColumn('login_id', 'text')
      .execute();
    await schema
      .createTable('machine_assertions')
      .addColumn('hash', 'text', (column) => column.primaryKey())
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .execute();
  },
};

export const machineAccessMigrations: MigrationSet = {
  module: 'machine-access',
  migrations: {
    '0001-create-machine-access': createMachineAccess,
    '0002-site-names': siteNames,
    '0003-login-origins': loginOrigins,
  },
};
