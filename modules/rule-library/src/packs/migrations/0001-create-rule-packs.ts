import type { Kysely, Migration } from 'kysely';

/** Packs with what was decided about them, what their releases hold, and the keys that may sign them; all sealed. */
export const createRulePacks: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('rule_packs')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('state', 'text', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('rule_pack_catalogues')
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('version', 'text', (column) => column.notNull())
      .addColumn('catalogue', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('rule_pack_catalogues_key', ['name', 'version'])
      .execute();
    await database.schema
      .createTable('rule_pack_keys')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('entry', 'text', (column) => column.notNull())
      .execute();
  },
};
