import type { MigrationSet } from '@sallyport/platform/database';

/** How new the newest list of revocations of each key was, for as long as this is; and what was told of certificates that end. */
export const certificateMemory: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema
      .createTable('identity_newest_revocations')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('content', 'text', (column) => column.notNull())
      .execute();
    await schema
      .createTable('identity_certificate_warnings')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('told_at_ms', 'bigint', (column) => column.notNull())
      .execute();
  },
};
