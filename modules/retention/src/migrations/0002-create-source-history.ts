import type { MigrationSet } from '@sallyport/platform/database';

/** Classes a source has or had: what a hold on it is to keep. */
export const createSourceHistory: MigrationSet['migrations'][string] = {
  async up(database) {
    await database.schema
      .createTable('retention_source_history')
      .addColumn('source', 'text', (column) => column.notNull())
      .addColumn('class', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('retention_source_history_key', ['source', 'class'])
      .execute();
    await database
      .withTables<{
        retention_sources: { source: string; class: string };
        retention_source_history: { source: string; class: string };
      }>()
      .insertInto('retention_source_history')
      .columns(['source', 'class'])
      .expression((query) => query.selectFrom('retention_sources').select(['source', 'class']))
      .execute();
  },
};
