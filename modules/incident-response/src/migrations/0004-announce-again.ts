import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/**
 * When an alert was last announced, and the number it was announced under: streams follow these. Lists go by the last finding, so alerts
 * from before findings were grouped get one too.
 */
export const announceAgain: Migration = {
  async up(database: Kysely<unknown>) {
    for (const name of ['announcement', 'announced_ms'])
      await database.schema
        .alterTable('alerts')
        .addColumn(name, 'bigint', (column) => column.notNull().defaultTo(0))
        .execute();
    await sql`update alerts set announcement = number, announced_ms = created_at_ms`.execute(database);
    await sql`update alerts set last_seen_ms = created_at_ms where last_seen_ms < created_at_ms`.execute(database);
    await database.schema.createIndex('alerts_by_announcement').on('alerts').column('announcement').execute();
    await database.schema.createIndex('alerts_by_last_seen').on('alerts').columns(['last_seen_ms', 'number']).execute();
    await database.schema
      .createIndex('alerts_by_severity_and_last_seen')
      .on('alerts')
      .columns(['severity_id', 'last_seen_ms', 'number'])
      .execute();
  },
};
