import type { Kysely, Migration } from 'kysely';

/** Documents, all their versions (sealed), and what those in staging matched. */
export const createRuleDocuments: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable('rule_documents')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('created_ms', 'bigint', (column) => column.notNull())
      .addColumn('head_version', 'integer', (column) => column.notNull())
      .addColumn('staged_version', 'integer')
      .addColumn('active_version', 'integer')
      .addColumn('retired_ms', 'bigint')
      .execute();
    await database.schema
      .createTable('rule_versions')
      .addColumn('document_id', 'text', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('saved_ms', 'bigint', (column) => column.notNull())
      .addColumn('author_kind', 'text', (column) => column.notNull())
      .addColumn('author_id', 'text', (column) => column.notNull())
      .addColumn('author_name', 'text', (column) => column.notNull())
      .addColumn('note', 'text', (column) => column.notNull())
      .addColumn('tests', 'integer', (column) => column.notNull())
      .addColumn('text_hash', 'text', (column) => column.notNull())
      .addColumn('tests_hash', 'text', (column) => column.notNull())
      .addColumn('sealed_text', 'text', (column) => column.notNull())
      .addColumn('sealed_tests', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('rule_versions_key', ['document_id', 'version'])
      .execute();
    await database.schema
      .createTable('rule_staging')
      .addColumn('document_id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('since_ms', 'bigint', (column) => column.notNull())
      .addColumn('since_log', 'bigint', (column) => column.notNull())
      .addColumn('since_index', 'bigint', (column) => column.notNull())
      .execute();
    await database.schema
      .createTable('rule_staging_counts')
      .addColumn('document_id', 'text', (column) => column.notNull())
      .addColumn('rule_id', 'text', (column) => column.notNull())
      .addColumn('title', 'text', (column) => column.notNull())
      .addColumn('matches', 'bigint', (column) => column.notNull())
      .addColumn('first_ms', 'bigint', (column) => column.notNull())
      .addColumn('last_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('rule_staging_counts_key', ['document_id', 'rule_id'])
      .execute();
    await database.schema
      .createTable('rule_staging_matches')
      .addColumn('document_id', 'text', (column) => column.notNull())
      .addColumn('log', 'bigint', (column) => column.notNull())
      .addColumn('entry_index', 'bigint', (column) => column.notNull())
      .addColumn('rule_id', 'text', (column) => column.notNull())
      .addColumn('received_ms', 'bigint', (column) => column.notNull())
      .addColumn('is_audit', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('rule_staging_matches_key', ['document_id', 'log', 'entry_index', 'rule_id'])
      .execute();
    await database.schema
      .createTable('rule_staging_cursor')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('log', 'bigint', (column) => column.notNull())
      .addColumn('entry_index', 'bigint', (column) => column.notNull())
      .execute();
  },
};
