import type { MigrationSet } from '@sallyport/platform/database';

/** Roles somebody has by the word of others, kept apart from those given here; all of one person once more in their own row. */
export const providedRoles: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema
      .createTable('identity_provided_roles')
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('source', 'text', (column) => column.notNull())
      .addColumn('roles', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('identity_provided_roles_key', ['user_id', 'source'])
      .execute();
    await schema
      .alterTable('identity_users')
      .addColumn('provided_roles', 'text', (column) => column.notNull().defaultTo(''))
      .execute();
  },
};
