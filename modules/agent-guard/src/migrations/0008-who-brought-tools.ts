import type { MigrationSet } from '@sallyport/platform/database';

/** What one owner's runs bring is counted: it must not fill the registry for everybody. */
export const keepWhoBroughtTools: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema
      .alterTable('agent_tools')
      .addColumn('brought_by', 'text', (column) => column.notNull().defaultTo(''))
      .execute();
    await schema.createIndex('agent_tools_by_bringer').on('agent_tools').column('brought_by').execute();
  },
};
