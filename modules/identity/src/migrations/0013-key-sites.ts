import type { MigrationSet } from '@sallyport/platform/database';

/** The only sites a key is for; encrypted, as the names of sites are everywhere. Null: everywhere. */
export const keySites: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema.alterTable('identity_keys').addColumn('sites', 'text').execute();
  },
};
