import type { Kysely, Migration } from 'kysely';

/** One row a sensor: what it says stands sealed in `sealed`. One row the next position to read. */
export const createSensorsTables: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('fleet_sensors')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('fleet_cursor')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('log', 'bigint', (column) => column.notNull())
      .addColumn('entry_index', 'bigint', (column) => column.notNull())
      .execute();
  },
};
