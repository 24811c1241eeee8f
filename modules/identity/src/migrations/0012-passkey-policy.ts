import type { MigrationSet } from '@sallyport/platform/database';

/** Which passkeys may sign in, what is known of each, and the FIDO metadata that was imported. */
export const passkeyPolicy: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema
      .createTable('identity_passkey_settings')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('changed_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('content', 'text', (column) => column.notNull())
      .execute();
    await schema.alterTable('identity_passkeys').addColumn('aaguid', 'text').execute();
    await schema.alterTable('identity_passkeys').addColumn('attestation', 'text').execute();
    await schema.alterTable('identity_passkeys').addColumn('attested', 'integer').execute();
    await schema.alterTable('identity_passkeys').addColumn('backup_eligible', 'integer').execute();
    await schema.alterTable('identity_passkeys').addColumn('backed_up', 'integer').execute();
    await schema.alterTable('identity_passkeys').addColumn('last_used_at_ms', 'bigint').execute();
  },
};
