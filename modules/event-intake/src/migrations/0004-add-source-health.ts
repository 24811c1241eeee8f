import type { MigrationSet } from '@sallyport/platform/database';

/** What people chose for a source, what it sent so far, whether its silence was told, and when this server was not there to listen. */
export const addSourceHealth: MigrationSet['migrations'][string] = {
  async up(database) {
    const table = database.schema.alterTable('intake_sources');
    for (const name of ['settings', 'figures', 'volume', 'alarms']) await table.addColumn(name, 'text').execute();
    await table.addColumn('revision', 'integer', (column) => column.notNull().defaultTo(0)).execute();
    await database.schema
      .createTable('intake_watch')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('document', 'text', (column) => column.notNull())
      .execute();
  },
};
