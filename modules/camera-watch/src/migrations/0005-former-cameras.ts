import type { MigrationSet } from '@sallyport/platform/database';

/** One row a camera on the network that was removed: its names stand sealed in `sealed`, its address nowhere. */
export const createFormerCamerasTable: MigrationSet['migrations'][string] = {
  async up(database) {
    await database.schema
      .createTable('camera_former')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
  },
};
