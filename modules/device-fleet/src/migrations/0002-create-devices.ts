import type { Kysely, Migration } from 'kysely';

/** One row a device and one an enrolment code that was given out; what is known of them stands sealed. */
export const createDevicesTables: Migration = {
  async up(database: Kysely<unknown>) {
    for (const name of ['fleet_devices', 'fleet_enrolments']) {
      await database.schema
        .createTable(name)
        .addColumn('id', 'text', (column) => column.notNull().primaryKey())
        .addColumn('sealed', 'text', (column) => column.notNull())
        .execute();
    }
  },
};
