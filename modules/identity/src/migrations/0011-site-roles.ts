import type { MigrationSet } from '@sallyport/platform/database';

/** Roles that somebody holds at a site alone; encrypted, since it says where people work. */
export const siteRoles: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema.alterTable('identity_users').addColumn('site_roles', 'text').execute();
  },
};
