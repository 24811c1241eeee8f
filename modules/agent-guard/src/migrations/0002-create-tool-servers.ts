import type { MigrationSet } from '@sallyport/platform/database';

/** Names, targets and definitions are sealed: they are other people's words, and command lines hold secrets. Digests stand in the clear. */
export const createToolServers: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema
      .createTable('agent_tool_servers')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('identity', 'text', (column) => column.notNull())
      .addColumn('identity_key', 'text', (column) => column.notNull().unique())
      .addColumn('owner_id', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('lets_new', 'integer', (column) => column.notNull())
      .addColumn('document', 'text', (column) => column.notNull())
      .addColumn('first_seen_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('last_seen_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await schema
      .createTable('agent_tools')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('server_id', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('name_key', 'text', (column) => column.notNull())
      .addColumn('is_blocked', 'integer', (column) => column.notNull())
      .addColumn('newest_digest', 'text', (column) => column.notNull())
      .addColumn('document', 'text', (column) => column.notNull())
      .addColumn('first_seen_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('last_seen_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await schema
      .createIndex('agent_tools_by_name')
      .on('agent_tools')
      .columns(['server_id', 'name_key'])
      .unique()
      .execute();
    await schema
      .createTable('agent_tool_definitions')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('server_id', 'text', (column) => column.notNull())
      .addColumn('tool_id', 'text', (column) => column.notNull())
      .addColumn('number', 'integer', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('warnings', 'integer', (column) => column.notNull())
      .addColumn('document', 'text', (column) => column.notNull())
      .addColumn('first_seen_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('last_seen_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await schema
      .createIndex('agent_tool_definitions_by_digest')
      .on('agent_tool_definitions')
      .columns(['tool_id', 'digest'])
      .unique()
      .execute();
    await schema
      .createIndex('agent_tool_definitions_by_server')
      .on('agent_tool_definitions')
      .column('server_id')
      .execute();
  },
};
