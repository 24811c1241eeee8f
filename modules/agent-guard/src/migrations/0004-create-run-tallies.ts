import type { MigrationSet } from '@sallyport/platform/database';

/** Counts alone: nothing here says what an agent did. */
export const createRunTallies: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema
      .createTable('agent_run_tallies')
      .addColumn('session_id', 'text', (column) => column.primaryKey())
      .addColumn('hook_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('judged', 'bigint', (column) => column.notNull())
      .addColumn('refused', 'bigint', (column) => column.notNull())
      .addColumn('model_calls', 'bigint', (column) => column.notNull())
      .addColumn('input_tokens', 'bigint', (column) => column.notNull())
      .addColumn('output_tokens', 'bigint', (column) => column.notNull())
      .addColumn('cached_tokens', 'bigint', (column) => column.notNull())
      .addColumn('cost_micros', 'bigint', (column) => column.notNull())
      .execute();
  },
};
