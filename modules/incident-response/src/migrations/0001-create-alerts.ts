import type { Kysely, Migration } from 'kysely';

/** Columns hold positions, times and what the rule's author wrote; nothing that an event says. */
export const createAlerts: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('alerts')
      .addColumn('number', 'bigint', (column) => column.notNull().primaryKey())
      .addColumn('id', 'text', (column) => column.notNull().unique())
      .addColumn('finding_log', 'bigint', (column) => column.notNull())
      .addColumn('finding_index', 'bigint', (column) => column.notNull())
      .addColumn('input_log', 'bigint', (column) => column.notNull())
      .addColumn('input_index', 'bigint', (column) => column.notNull())
      .addColumn('rule_id', 'text', (column) => column.notNull())
      .addColumn('title', 'text', (column) => column.notNull())
      .addColumn('severity_id', 'bigint', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('state_changed_at_ms', 'bigint', (column) => column.notNull())
      .addUniqueConstraint('alerts_finding', ['finding_log', 'finding_index'])
      .execute();
    await database.schema.createIndex('alerts_by_state').on('alerts').columns(['state', 'number']).execute();
    await database.schema.createIndex('alerts_by_rule').on('alerts').columns(['rule_id', 'number']).execute();
    await database.schema
      .createTable('alerts_cursor')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('log', 'bigint', (column) => column.notNull())
      .addColumn('entry_index', 'bigint', (column) => column.notNull())
      .addColumn('next_number', 'bigint', (column) => column.notNull())
      .execute();
  },
};
