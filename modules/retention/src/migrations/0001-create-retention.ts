import type { MigrationSet } from '@sallyport/platform/database';

/** Classes of sources, settings, and what of destroyed keys was forgotten by whom. */
export const createRetentionTables: MigrationSet['migrations'][string] = {
  async up(database) {
    await database.schema
      .createTable('retention_sources')
      .addColumn('source', 'text', (column) => column.notNull().primaryKey())
      .addColumn('class', 'text', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('retention_settings')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('value', 'text', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('retention_erased')
      .addColumn('key_id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('label', 'text', (column) => column.notNull())
      .addColumn('destroyed_ms', 'bigint', (column) => column.notNull())
      .addColumn('events', 'bigint', (column) => column.notNull())
      .addColumn('forgotten_ms', 'bigint')
      .execute();
    await database.schema
      .createTable('retention_receipts')
      .addColumn('key_id', 'text', (column) => column.notNull())
      .addColumn('keeper', 'text', (column) => column.notNull())
      .addColumn('changed', 'bigint', (column) => column.notNull())
      .addColumn('at_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('retention_receipts_key', ['key_id', 'keeper'])
      .execute();
  },
};
