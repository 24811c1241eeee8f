import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/**
 * How soon an alert should be looked at. `rank` orders lists: the priority, and 1,000 more for what is not closed, so that what is
 * over stands behind what is not. `priority_basis` holds kinds and numbers, no names. Alerts from before get what their level is worth.
 */
export const addPriority: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .alterTable('alerts')
      .addColumn('rank', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute();
    await database.schema.alterTable('alerts').addColumn('priority_basis', 'text').execute();
    await sql`update alerts set rank =
      case severity_id when 1 then 5 when 2 then 20 when 3 then 40 when 4 then 60 else 80 end
      + case state when 'closed' then 0 else 1000 end`.execute(database);
    await database.schema
      .createIndex('alerts_by_rank')
      .on('alerts')
      .columns(['rank', 'last_seen_ms', 'number'])
      .execute();
  },
};
