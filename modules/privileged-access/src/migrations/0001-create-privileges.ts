import type { Kysely, Migration } from 'kysely';

/** Reasons, names, addresses and what was noted are sealed. States, times, roles and ids are not; codes are hashes. */
export const createPrivilegeTables: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('privilege_requests')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('requester_id', 'text', (column) => column.notNull())
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('minutes', 'bigint', (column) => column.notNull())
      .addColumn('needed', 'bigint', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('started_at_ms', 'bigint')
      .addColumn('spent_ms', 'bigint', (column) => column.notNull())
      .addColumn('ended_at_ms', 'bigint')
      .addColumn('ended_because', 'text')
      .addColumn('session_id', 'text')
      .addColumn('device', 'text')
      .addColumn('review_due_ms', 'bigint')
      /** The day on which it was last said that its review is overdue. */
      .addColumn('told_day', 'bigint', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
    await database.schema
      .createIndex('privilege_requests_by_requester')
      .on('privilege_requests')
      .columns(['requester_id', 'created_at_ms'])
      .execute();
    await database.schema
      .createIndex('privilege_requests_by_state')
      .on('privilege_requests')
      .columns(['state', 'created_at_ms'])
      .execute();
    await database.schema
      .createTable('privilege_decisions')
      .addColumn('request_id', 'text', (column) => column.notNull())
      .addColumn('person_id', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('at_ms', 'bigint', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('privilege_decisions_key', ['request_id', 'person_id', 'kind'])
      .execute();
    await database.schema
      .createTable('privilege_settings')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('revision', 'bigint', (column) => column.notNull())
      .addColumn('settings', 'text', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('privilege_break_glass')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('sealed_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('opened_at_ms', 'bigint')
      .addColumn('drilled_at_ms', 'bigint')
      .addColumn('retired_at_ms', 'bigint')
      .addColumn('told_day', 'bigint', (column) => column.notNull())
      .addColumn('first_hash', 'text', (column) => column.notNull())
      .addColumn('second_hash', 'text', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
  },
};
