import type { MigrationSet } from '@sallyport/platform/database';

/** Authorities whose certificates people sign in with, what they revoked, and whose certificate is whose. */
export const personCertificates: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema
      .createTable('identity_certificate_authorities')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('content', 'text', (column) => column.notNull())
      .execute();
    await schema
      .createTable('identity_revocation_lists')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('authority_id', 'text', (column) => column.notNull())
      .addColumn('issuer', 'text', (column) => column.notNull())
      .addColumn('this_update_ms', 'bigint', (column) => column.notNull())
      .addColumn('next_update_ms', 'bigint', (column) => column.notNull())
      .addColumn('uploaded_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('entries', 'integer', (column) => column.notNull())
      .addColumn('content', 'text', (column) => column.notNull())
      .execute();
    await schema
      .createTable('identity_certificates')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('authority_id', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('last_used_at_ms', 'bigint')
      .addColumn('content', 'text', (column) => column.notNull())
      .execute();
    await schema.createIndex('identity_certificates_by_user').on('identity_certificates').column('user_id').execute();
  },
};
