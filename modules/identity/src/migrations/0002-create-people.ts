import type { MigrationSet } from '@sallyport/platform/database';

export const createPeople: MigrationSet['migrations'][string] = {
  async up(database) {
    const { schema } = database;
    await schema
      .createTable('identity_users')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('name_key', 'text', (column) => column.notNull().unique())
      .addColumn('roles', 'text', (column) => column.notNull())
      .addColumn('password_hash', 'text')
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .addColumn('activated_at_ms', 'bigint')
      .addColumn('disabled_at_ms', 'bigint')
      .addColumn('last_sign_in_at_ms', 'bigint')
      .execute();
    await schema
      .createTable('identity_totp')
      .addColumn('user_id', 'text', (column) => column.primaryKey())
      .addColumn('sealed_secret', 'text', (column) => column.notNull())
      .addColumn('confirmed', 'integer', (column) => column.notNull())
      .addColumn('last_step', 'bigint', (column) => column.notNull())
      .addColumn('failures', 'bigint', (column) => column.notNull())
      .execute();
    await schema
      .createTable('identity_passkeys')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('host_name', 'text', (column) => column.notNull())
      .addColumn('public_key', 'text', (column) => column.notNull())
      .addColumn('counter', 'bigint', (column) => column.notNull())
      .addColumn('transports', 'text', (column) => column.notNull())
      .addColumn('label', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await schema.createIndex('identity_passkeys_user').on('identity_passkeys').column('user_id').execute();
    await schema
      .createTable('identity_recovery_codes')
      .addColumn('hash', 'text', (column) => column.primaryKey())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .execute();
    await schema.createIndex('identity_recovery_user').on('identity_recovery_codes').column('user_id').execute();
    await schema
      .createTable('identity_sessions')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('token_hash', 'text', (column) => column.notNull().unique())
      .addColumn('previous_token_hash', 'text')
      .addColumn('rotated_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('last_seen_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('address', 'text', (column) => column.notNull())
      .addColumn('agent', 'text', (column) => column.notNull())
      .addColumn('methods', 'text', (column) => column.notNull())
      .addColumn('assurance', 'integer', (column) => column.notNull())
      .execute();
    await schema.createIndex('identity_sessions_user').on('identity_sessions').column('user_id').execute();
    await schema
      .createIndex('identity_sessions_previous')
      .on('identity_sessions')
      .column('previous_token_hash')
      .execute();
    await schema
      .createTable('identity_tickets')
      .addColumn('hash', 'text', (column) => column.primaryKey())
      .addColumn('purpose', 'text', (column) => column.notNull())
      .addColumn('user_id', 'text')
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull())
      .execute();
    await schema.createIndex('identity_tickets_end').on('identity_tickets').column('expires_at_ms').execute();
    await schema
      .createTable('identity_settings')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('value', 'text', (column) => column.notNull())
      .execute();
  },
};
