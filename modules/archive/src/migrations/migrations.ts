import type { MigrationSet } from '@sallyport/platform/database';

export const archiveMigrations: MigrationSet = {
  module: 'archive',
  migrations: {
    '0001-create-archive': {
      async up(database) {
        await database.schema
          .createTable('archive_settings')
          .addColumn('id', 'integer', (column) => column.primaryKey())
          .addColumn('settings', 'text', (column) => column.notNull())
          .addColumn('set_at_ms', 'bigint', (column) => column.notNull())
          .addColumn('set_by', 'text', (column) => column.notNull())
          .execute();
        await database.schema
          .createTable('archive_cursor')
          .addColumn('place', 'text', (column) => column.notNull())
          .addColumn('log', 'integer', (column) => column.notNull())
          .addColumn('segment', 'bigint', (column) => column.notNull())
          .addColumn('segment_offset', 'bigint', (column) => column.notNull())
          .addColumn('next_index', 'bigint', (column) => column.notNull())
          .addColumn('tiles_until', 'bigint', (column) => column.notNull())
          .addColumn('checkpoint_size', 'bigint', (column) => column.notNull())
          .addPrimaryKeyConstraint('archive_cursor_key', ['place', 'log'])
          .execute();
        await database.schema
          .createTable('archive_upload')
          .addColumn('place', 'text', (column) => column.notNull())
          .addColumn('name', 'text', (column) => column.notNull())
          .addColumn('upload_id', 'text', (column) => column.notNull())
          .addPrimaryKeyConstraint('archive_upload_key', ['place', 'name'])
          .execute();
        await database.schema
          .createTable('archive_file')
          .addColumn('place', 'text', (column) => column.notNull())
          .addColumn('name', 'text', (column) => column.notNull())
          .addColumn('kind', 'text', (column) => column.notNull())
          .addColumn('bytes', 'bigint', (column) => column.notNull())
          .addColumn('sha256', 'text', (column) => column.notNull())
          .addColumn('version', 'text')
          .addColumn('sum', 'text')
          .addColumn('lock_mode', 'text')
          .addColumn('lock_until_ms', 'bigint')
          .addColumn('is_held', 'integer', (column) => column.notNull())
          .addColumn('log', 'integer')
          .addColumn('first_index', 'bigint')
          .addColumn('end_index', 'bigint')
          .addColumn('stored_at_ms', 'bigint', (column) => column.notNull())
          .addColumn('checked_at_ms', 'bigint', (column) => column.notNull())
          .addColumn('read_at_ms', 'bigint', (column) => column.notNull())
          .addColumn('problem', 'text')
          .addPrimaryKeyConstraint('archive_file_key', ['place', 'name'])
          .execute();
        await database.schema
          .createIndex('archive_file_checked')
          .on('archive_file')
          .columns(['place', 'checked_at_ms'])
          .execute();
        await database.schema
          .createTable('archive_alarm')
          .addColumn('id', 'text', (column) => column.primaryKey())
          .addColumn('details', 'text', (column) => column.notNull())
          .execute();
      },
    },
  },
};
