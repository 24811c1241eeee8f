import type { Kysely, Migration } from 'kysely';

/**
 * One row for each person, key or service, and one for what is tried from where: a keyed hash of whom it is about, and sealed what is
 * known. The place in the feed that belongs to it. And which databases of addresses were imported.
 */
export const createAccessRiskTables: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('access_risk_states')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('access_risk_cursor')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('log', 'bigint', (column) => column.notNull())
      .addColumn('entry_index', 'bigint', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('access_risk_geo')
      .addColumn('kind', 'text', (column) => column.notNull().primaryKey())
      .addColumn('sha256', 'text', (column) => column.notNull())
      .addColumn('imported_at_ms', 'bigint', (column) => column.notNull())
      .execute();
  },
};
