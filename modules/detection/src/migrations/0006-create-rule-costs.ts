import type { Kysely, Migration } from 'kysely';

/** What each rule cost a day, estimated from the events that were measured. */
export const createRuleCostsTable: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('detection_rule_costs')
      .addColumn('day', 'integer', (column) => column.notNull())
      .addColumn('rule_id', 'text', (column) => column.notNull())
      .addColumn('micros', 'bigint', (column) => column.notNull())
      .addColumn('candidates', 'bigint', (column) => column.notNull())
      .addColumn('matches', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('detection_rule_costs_key', ['day', 'rule_id'])
      .execute();
  },
};
