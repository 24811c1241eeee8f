import type { MigrationSet } from '@sallyport/platform/database';

/** Since when somebody must choose another password before they may do anything else. */
export const passwordChangeRequired: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema.alterTable('identity_users').addColumn('password_refused_at_ms', 'bigint').execute();
  },
};
