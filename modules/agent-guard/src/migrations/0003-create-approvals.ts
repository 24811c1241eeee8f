import type { MigrationSet } from '@sallyport/platform/database';

/** What was asked and answered: tools, places and words are sealed. What waits now is not here. */
export const createApprovals: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema
      .alterTable('agents')
      .addColumn('approvals', 'text', (column) => column.notNull().defaultTo('auto'))
      .execute();
    await schema
      .createTable('agent_approvals')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('session_id', 'text', (column) => column.notNull())
      .addColumn('agent_id', 'text', (column) => column.notNull())
      .addColumn('owner_kind', 'text', (column) => column.notNull())
      .addColumn('owner_id', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('answered_by', 'text')
      .addColumn('document', 'text', (column) => column.notNull())
      .addColumn('asked_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('answered_at_ms', 'bigint')
      .execute();
    await schema.createIndex('agent_approvals_by_agent').on('agent_approvals').column('agent_id').execute();
    await schema.createIndex('agent_approvals_by_owner').on('agent_approvals').column('owner_id').execute();
    await schema.createIndex('agent_approvals_by_time').on('agent_approvals').column('asked_at_ms').execute();
    await schema
      .createTable('agent_proposals')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('agent_id', 'text', (column) => column.notNull())
      .addColumn('by_id', 'text', (column) => column.notNull())
      .addColumn('document', 'text', (column) => column.notNull())
      .addColumn('at_ms', 'bigint', (column) => column.notNull())
      .execute();
  },
};
