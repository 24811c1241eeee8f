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
    '0003-create-witnesses': {
      async up(database) {
        await database.schema
          .createTable('ledger_witness')
          .addColumn('id', 'text', (column) => column.primaryKey())
          .addColumn('url', 'text', (column) => column.notNull())
          .addColumn('verifier_key', 'text', (column) => column.notNull().unique())
          .addColumn('authority_pem', 'text')
          .addColumn('added_at_ms', 'bigint', (column) => column.notNull())
          .addColumn('added_by', 'text', (column) => column.notNull())
          .addColumn('added_by_name', 'text', (column) => column.notNull())
          .execute();
        await database.schema
          .createTable('ledger_witness_policy')
          .addColumn('id', 'integer', (column) => column.primaryKey())
          .addColumn('needed', 'integer', (column) => column.notNull())
          .addColumn('tail_limit_ms', 'bigint', (column) => column.notNull())
          .execute();
        await database.schema
          .createTable('ledger_witness_cosigned')
          .addColumn('witness_id', 'text', (column) => column.notNull())
          .addColumn('log', 'integer', (column) => column.notNull())
          .addColumn('size', 'bigint', (column) => column.notNull())
          .addColumn('at_ms', 'bigint', (column) => column.notNull())
          .addPrimaryKeyConstraint('ledger_witness_cosigned_key', ['witness_id', 'log'])
          .execute();
        await database.schema
          .createTable('ledger_quorum')
          .addColumn('log', 'integer', (column) => column.primaryKey())
          .addColumn('size', 'bigint', (column) => column.notNull())
          .addColumn('at_ms', 'bigint', (column) => column.notNull())
          .addColumn('checkpoint', 'text', (column) => column.notNull())
          .addColumn('witness_keys', 'text', (column) => column.notNull())
          .execute();
        await database.schema
          .createTable('ledger_held_outside')
          .addColumn('log', 'integer', (column) => column.primaryKey())
          .addColumn('checkpoint', 'text', (column) => column.notNull())
          .addColumn('witness', 'text', (column) => column.notNull())
          .execute();
        await database.schema
          .createTable('ledger_witness_alarm')
          .addColumn('id', 'text', (column) => column.primaryKey())
          .addColumn('details', 'text', (column) => column.notNull())
          .execute();
      },
    },
    '0004-held-outside-by-each-witness': {
      async up(database) {
        await database.schema
          .createTable('ledger_held_checkpoint')
          .addColumn('log', 'integer', (column) => column.notNull())
          .addColumn('witness', 'text', (column) => column.notNull())
          .addColumn('checkpoint', 'text', (column) => column.notNull())
          .addPrimaryKeyConstraint('ledger_held_checkpoint_key', ['log', 'witness'])
          .execute();
        // Whoever showed one shows it again.
        await database.schema.dropTable('ledger_held_outside').execute();
      },
    },
    '0005-create-time-stamps': {
      async up(database) {
        await database.schema
          .createTable('ledger_time_authority')
          .addColumn('id', 'text', (column) => column.primaryKey())
          .addColumn('url', 'text', (column) => column.notNull().unique())
          .addColumn('roots_pem', 'text', (column) => column.notNull())
          .addColumn('authority_pem', 'text')
          .addColumn('added_at_ms', 'bigint', (column) => column.notNull())
          .addColumn('added_by', 'text', (column) => column.notNull())
          .addColumn('added_by_name', 'text', (column) => column.notNull())
          .execute();
        await database.schema
          .createTable('ledger_time_setting')
          .addColumn('id', 'integer', (column) => column.primaryKey())
          .addColumn('every_minutes', 'integer', (column) => column.notNull())
          .execute();
        await database.schema
          .createTable('ledger_time_stamp')
          .addColumn('log', 'integer', (column) => column.notNull())
          .addColumn('size', 'bigint', (column) => column.notNull())
          .addColumn('authority_id', 'text', (column) => column.notNull())
          .addColumn('at_ms', 'bigint', (column) => column.notNull())
          .addColumn('accuracy_ms', 'bigint')
          .addColumn('serial_number', 'text', (column) => column.notNull())
          .addColumn('signer', 'text', (column) => column.notNull())
          .addColumn('signer_until_ms', 'bigint', (column) => column.notNull())
          .addColumn('root', 'text', (column) => column.notNull())
          .addColumn('root_sha256', 'text', (column) => column.notNull())
          .addColumn('checkpoint', 'text', (column) => column.notNull())
          .addColumn('witness_keys', 'text', (column) => column.notNull())
          .addColumn('token', 'text', (column) => column.notNull())
          .addPrimaryKeyConstraint('ledger_time_stamp_key', ['log', 'size', 'authority_id'])
          .execute();
      },
    },
  },
};
