import type { MigrationSet } from '@sallyport/platform/database';

/** The organisation's policies for agents: as they are being written, versions of all of them, and which is in force. What people wrote is sealed. */
export const createOwnPolicies: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema
      .createTable('agent_policy_documents')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addColumn('changed_ms', 'bigint', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
    await schema
      .createTable('agent_policy_versions')
      .addColumn('version', 'integer', (column) => column.notNull().primaryKey())
      .addColumn('sealed_head', 'text', (column) => column.notNull())
      .addColumn('sealed_texts', 'text', (column) => column.notNull())
      .addColumn('sealed_replay', 'text')
      .execute();
    // One row. Two who put something into force at once both say what they believe is in force; one of them is wrong.
    await schema
      .createTable('agent_policy_in_force')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .execute();
  },
};
