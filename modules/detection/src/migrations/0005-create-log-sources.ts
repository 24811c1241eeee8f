import type { Kysely, Migration } from 'kysely';

/** One row a log source that events came from. Names are plain words, cut to a fixed form: nothing else that an event says. */
export const createLogSources: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('detection_log_sources')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('first_seen_ms', 'double precision', (column) => column.notNull())
      .addColumn('last_seen_ms', 'double precision', (column) => column.notNull())
      .addColumn('days', 'text', (column) => column.notNull())
      .execute();
  },
};
