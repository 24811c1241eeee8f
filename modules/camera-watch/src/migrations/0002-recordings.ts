import type { Kysely, Migration } from 'kysely';

/** Recordings are listed by camera and time; what is in them stands in sealed files alone. */
export const createRecordingTables: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('camera_segments')
      .addColumn('camera', 'text', (column) => column.notNull())
      .addColumn('start_ms', 'bigint', (column) => column.notNull())
      .addColumn('end_ms', 'bigint', (column) => column.notNull())
      .addColumn('frames', 'bigint', (column) => column.notNull())
      .addColumn('audio', 'bigint', (column) => column.notNull())
      .addColumn('late', 'bigint', (column) => column.notNull())
      .addColumn('plain_bytes', 'bigint', (column) => column.notNull())
      .addColumn('plain_sha256', 'text', (column) => column.notNull())
      .addColumn('sealed_sha256', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('log', 'bigint')
      .addColumn('entry_index', 'bigint')
      .addPrimaryKeyConstraint('camera_segments_key', ['camera', 'start_ms'])
      .execute();
    await database.schema
      .createIndex('camera_segments_by_time')
      .on('camera_segments')
      .columns(['state', 'start_ms'])
      .execute();
    await database.schema
      .createTable('camera_recording_keys')
      .addColumn('camera', 'text', (column) => column.notNull())
      .addColumn('day', 'bigint', (column) => column.notNull())
      .addColumn('wrapped', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('camera_recording_keys_key', ['camera', 'day'])
      .execute();
    await database.schema
      .createTable('camera_recording_notes')
      .addColumn('camera', 'text', (column) => column.notNull())
      .addColumn('why', 'text', (column) => column.notNull())
      .addColumn('from_ms', 'bigint', (column) => column.notNull())
      .addColumn('to_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('camera_recording_notes_key', ['camera', 'why', 'from_ms'])
      .execute();
    await database.schema
      .createTable('camera_pictures')
      .addColumn('sha256', 'text', (column) => column.notNull().primaryKey())
      .addColumn('made_ms', 'bigint', (column) => column.notNull())
      .addColumn('plain_bytes', 'bigint', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('camera_recording_settings')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('value', 'text', (column) => column.notNull())
      .execute();
  },
};
