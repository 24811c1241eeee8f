import type { MigrationSet } from '@sallyport/platform/database';

/** Prompts, resources and instructions are pinned beside tools: a prompt may have the name of a tool. */
export const pinOffers: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema
      .alterTable('agent_tools')
      .addColumn('kind', 'text', (column) => column.notNull().defaultTo('tool'))
      .execute();
    await schema.dropIndex('agent_tools_by_name').execute();
    await schema
      .createIndex('agent_tools_by_kind_and_name')
      .on('agent_tools')
      .columns(['server_id', 'kind', 'name_key'])
      .unique()
      .execute();
  },
};
