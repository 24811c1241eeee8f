import type { Kysely, Migration } from 'kysely';

/** Who has an alert, where its comments stand in the ledger, and suppressions. What a person wrote about events is sealed. */
export const addTriage: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema.alterTable('alerts').addColumn('assignee', 'text').execute();
    await database.schema.createIndex('alerts_by_assignee').on('alerts').columns(['assignee', 'number']).execute();
    await database.schema
      .createTable('alert_comments')
      .addColumn('log', 'bigint', (column) => column.notNull())
      .addColumn('entry_index', 'bigint', (column) => column.notNull())
      .addColumn('alert_id', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('alert_comments_position', ['log', 'entry_index'])
      .execute();
    await database.schema
      .createIndex('alert_comments_by_alert')
      .on('alert_comments')
      .columns(['alert_id', 'log', 'entry_index'])
      .execute();
    await database.schema
      .createTable('alert_suppressions')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('rule_id', 'text', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .addColumn('until_ms', 'bigint')
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .addColumn('created_by_name', 'text', (column) => column.notNull())
      .addColumn('hits', 'bigint', (column) => column.notNull())
      .addColumn('last_hit_at_ms', 'bigint')
      .execute();
    await database.schema
      .createIndex('alert_suppressions_by_rule')
      .on('alert_suppressions')
      .column('rule_id')
      .execute();
  },
};
