import type { MigrationSet } from '@sallyport/platform/database';

export const ledgerMigrations: MigrationSet = {
  module: 'ledger',
  migrations: {
    '0001-create-outbox': {
      async up(database) {
        await database.schema
          .createTable('ledger_outbox')
          .addColumn('id', 'text', (column) => column.primaryKey())
          .addColumn('ordinal', 'bigint', (column) => column.notNull())
          .addColumn('class_uid', 'bigint', (column) => column.notNull())
          .addColumn('sealed', 'text', (column) => column.notNull())
          .execute();
        await database.schema.createIndex('ledger_outbox_ordinal').on('ledger_outbox').column('ordinal').execute();
      },
    },
    '0002-create-anchor': {
      async up(database) {
        await database.schema
          .createTable('ledger_anchor')
          .addColumn('id', 'integer', (column) => column.primaryKey())
          .addColumn('checkpoint', 'text', (column) => column.notNull())
          .execute();
      },
    },
  },
};
