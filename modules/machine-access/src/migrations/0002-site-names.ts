import type { MigrationSet } from '@sallyport/platform/database';

/** The only sites an account is for, by names as people write them; encrypted, as the names of sites are everywhere. */
export const siteNames: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema.alterTable('machine_accounts').addColumn('site_names', 'text').execute();
  },
};
