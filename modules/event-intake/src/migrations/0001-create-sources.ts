import type { MigrationSet } from '@sallyport/platform/database';

export const createSources: MigrationSet['migrations'][string] = {
  async up(database) {
    await database.schema
      .createTable('intake_sources')
      .addColumn('key_id', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('intake_sources_key', ['key_id', 'name'])
      .execute();
  },
};
