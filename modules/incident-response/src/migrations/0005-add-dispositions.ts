import type { Kysely, Migration } from 'kysely';

/** What an alert turned out to be, and what counts how often rules fire: findings by time, without reading anything else of them. */
export const addDispositions: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema.alterTable('alerts').addColumn('disposition', 'text').execute();
    await database.schema
      .createIndex('alert_findings_by_time')
      .on('alert_findings')
      .columns(['seen_ms', 'alert_id'])
      .execute();
  },
};
