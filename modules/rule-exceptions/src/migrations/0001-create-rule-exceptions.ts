import type { Kysely, Migration } from 'kysely';

/** What an exception says is sealed: conditions are content of events, and reasons quote it. Times, counts and places are not. */
export const createRuleExceptionTables: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('rule_exceptions')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('revision', 'bigint', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      /** When the newest version ends; null: never. Withdrawn ones ended then. */
      .addColumn('to_ms', 'bigint')
      .addColumn('for_all_rules', 'integer', (column) => column.notNull())
      .addColumn('condition_bytes', 'bigint', (column) => column.notNull())
      .addColumn('withdrawn', 'text')
      .addColumn('withdrawn_at_ms', 'bigint')
      .addColumn('hidden', 'bigint', (column) => column.notNull())
      .addColumn('last_hidden_at_ms', 'bigint')
      .addColumn('positions', 'text', (column) => column.notNull())
      .addColumn('told_day', 'bigint', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('rule_exception_versions')
      .addColumn('exception_id', 'text', (column) => column.notNull())
      .addColumn('version', 'bigint', (column) => column.notNull())
      .addColumn('from_ms', 'bigint')
      .addColumn('to_ms', 'bigint')
      .addColumn('made_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('rule_exception_versions_key', ['exception_id', 'version'])
      .execute();
    await database.schema
      .createTable('rule_exception_days')
      .addColumn('exception_id', 'text', (column) => column.notNull())
      .addColumn('rule_id', 'text', (column) => column.notNull())
      .addColumn('day', 'bigint', (column) => column.notNull())
      .addColumn('hidden', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('rule_exception_days_key', ['exception_id', 'rule_id', 'day'])
      .execute();
    await database.schema
      .createIndex('rule_exception_days_by_day')
      .on('rule_exception_days')
      .columns(['day', 'rule_id'])
      .execute();
    await database.schema
      .createTable('rule_exception_progress')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('through_ms', 'bigint', (column) => column.notNull())
      .execute();
  },
};
