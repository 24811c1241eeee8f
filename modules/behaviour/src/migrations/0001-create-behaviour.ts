import type { Kysely, Migration } from 'kysely';

/** One row an entity: a keyed hash of who it is, and sealed what was learnt. And the place in the feed that belongs to it. */
export const createBehaviourTables: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('behaviour_entities')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('behaviour_cursor')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('log', 'bigint', (column) => column.notNull())
      .addColumn('entry_index', 'bigint', (column) => column.notNull())
      .execute();
  },
};
