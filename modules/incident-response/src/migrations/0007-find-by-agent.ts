import type { Kysely, Migration } from 'kysely';

/** Alerts are found by the AI agent they are about, as by host and user: those that came before this are not. */
export const findByAgent: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema.alterTable('alerts').addColumn('agent_tag', 'text').execute();
    await database.schema.createIndex('alerts_by_agent_tag').on('alerts').columns(['agent_tag', 'number']).execute();
  },
};
