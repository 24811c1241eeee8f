import type { Kysely, Migration } from 'kysely';

/** Hunts with how far they are, what each of their rules found, and where the first of it stands. */
export const createHunts: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('hunts')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('owner', 'text', (column) => column.notNull())
      .addColumn('owner_name', 'text', (column) => column.notNull())
      .addColumn('sees_audit', 'integer', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('created_ms', 'bigint', (column) => column.notNull())
      .addColumn('ended_ms', 'bigint')
      .addColumn('request', 'text', (column) => column.notNull())
      .addColumn('sources', 'text', (column) => column.notNull())
      .addColumn('ranges', 'text', (column) => column.notNull())
      .addColumn('at_range', 'integer', (column) => column.notNull())
      .addColumn('at_index', 'bigint', (column) => column.notNull())
      .addColumn('looked_at', 'bigint', (column) => column.notNull())
      .addColumn('bytes', 'bigint', (column) => column.notNull())
      .addColumn('candidates', 'bigint', (column) => column.notNull())
      .addColumn('unscannable', 'bigint', (column) => column.notNull())
      .addColumn('busy_ms', 'bigint', (column) => column.notNull())
      .addColumn('reason', 'text')
      .execute();
    await database.schema
      .createTable('hunt_rules')
      .addColumn('hunt_id', 'text', (column) => column.notNull())
      .addColumn('rule_id', 'text', (column) => column.notNull())
      .addColumn('title', 'text', (column) => column.notNull())
      .addColumn('level', 'text', (column) => column.notNull())
      .addColumn('matches', 'bigint', (column) => column.notNull())
      .addColumn('kept', 'bigint', (column) => column.notNull())
      .addColumn('first_ms', 'bigint')
      .addColumn('last_ms', 'bigint')
      .addPrimaryKeyConstraint('hunt_rules_key', ['hunt_id', 'rule_id'])
      .execute();
    await database.schema
      .createTable('hunt_matches')
      .addColumn('hunt_id', 'text', (column) => column.notNull())
      .addColumn('log', 'bigint', (column) => column.notNull())
      .addColumn('entry_index', 'bigint', (column) => column.notNull())
      .addColumn('rule_id', 'text', (column) => column.notNull())
      .addColumn('received_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('hunt_matches_key', ['hunt_id', 'log', 'entry_index', 'rule_id'])
      .execute();
  },
};
