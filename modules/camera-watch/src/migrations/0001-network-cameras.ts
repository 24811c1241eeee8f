import type { Kysely, Migration } from 'kysely';

/** One row a camera on the network: name, place and address stand sealed in `sealed`. */
export const createNetworkCamerasTable: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('camera_network')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
  },
};
