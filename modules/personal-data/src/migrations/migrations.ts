import type { MigrationSet } from '@sallyport/platform/database';

/** Columns hold ids, keyed hashes, positions and times. What names somebody stands in `sealed` columns, under that subject's key. */
export const personalDataMigrations: MigrationSet = {
  module: 'personal-data',
  migrations: {
    '0002-create-holds': {
      async up({ schema }) {
        await schema
          .createTable('personal_holds')
          .addColumn('id', 'text', (column) => column.primaryKey())
          .addColumn('key_ids', 'text', (column) => column.notNull())
          .addColumn('sealed', 'text', (column) => column.notNull())
          .execute();
      },
    },
    '0001-create-personal-data': {
      async up(database) {
        const { schema } = database;
        await schema
          .createTable('personal_declarations')
          .addColumn('id', 'text', (column) => column.primaryKey())
          .addColumn('declaration', 'text', (column) => column.notNull())
          .addColumn('declared_at_ms', 'bigint', (column) => column.notNull())
          .addColumn('declared_by', 'text', (column) => column.notNull())
          .execute();
        await schema
          .createTable('personal_keys')
          .addColumn('key_id', 'text', (column) => column.primaryKey())
          .addColumn('subject_id', 'text', (column) => column.notNull())
          .addColumn('page', 'text', (column) => column.notNull())
          .addColumn('made_at_ms', 'bigint', (column) => column.notNull())
          .addColumn('erased_at_ms', 'bigint')
          .addColumn('forgotten_at_ms', 'bigint')
          .execute();
        await schema.createIndex('personal_keys_subject').on('personal_keys').column('subject_id').execute();
        await schema.createIndex('personal_keys_page').on('personal_keys').column('page').execute();
        await schema.createIndex('personal_keys_made').on('personal_keys').column('made_at_ms').execute();
        await schema
          .createTable('personal_places')
          .addColumn('key_id', 'text', (column) => column.notNull())
          .addColumn('log', 'bigint', (column) => column.notNull())
          .addColumn('bucket', 'bigint', (column) => column.notNull())
          .addPrimaryKeyConstraint('personal_places_key', ['key_id', 'log', 'bucket'])
          .execute();
        await schema
          .createTable('personal_requests')
          .addColumn('id', 'text', (column) => column.primaryKey())
          .addColumn('kind', 'text', (column) => column.notNull())
          .addColumn('key_ids', 'text', (column) => column.notNull())
          .addColumn('sealed', 'text', (column) => column.notNull())
          .addColumn('reason', 'text', (column) => column.notNull())
          .addColumn('asked_at_ms', 'bigint', (column) => column.notNull())
          .addColumn('asked_by', 'text', (column) => column.notNull())
          .addColumn('asked_by_name', 'text', (column) => column.notNull())
          .addColumn('destruction_id', 'text')
          .addColumn('forgotten', 'bigint', (column) => column.notNull())
          .addColumn('ended_at_ms', 'bigint')
          .execute();
        await schema.createIndex('personal_requests_asked').on('personal_requests').column('asked_at_ms').execute();
      },
    },
  },
};
