import type { MigrationSet } from '@sallyport/platform/database';

/** What each camera usually sees, as it was learnt: gradients and measures, sealed. */
export const createSceneTable: MigrationSet['migrations'][string] = {
  async up(database) {
    await database.schema
      .createTable('camera_scenes')
      .addColumn('camera_id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
  },
};
