import type { MigrationSet } from '@sallyport/platform/database';

/** What people chose for a camera, how the watch stands to it, and what is worth a look; all but places in time sealed. */
export const createWatchingTables: MigrationSet['migrations'][string] = {
  async up(database) {
    await database.schema
      .createTable('camera_zones')
      .addColumn('camera_id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('camera_standings')
      .addColumn('camera_id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('camera_moments')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('camera_id', 'text', (column) => column.notNull())
      .addColumn('group_tag', 'text', (column) => column.notNull())
      .addColumn('from_ms', 'bigint', (column) => column.notNull())
      .addColumn('to_ms', 'bigint', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
    await database.schema
      .createIndex('camera_moments_by_camera')
      .on('camera_moments')
      .columns(['camera_id', 'id'])
      .execute();
    await database.schema
      .createIndex('camera_moments_by_state')
      .on('camera_moments')
      .columns(['state', 'id'])
      .execute();
  },
};
