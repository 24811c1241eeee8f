import type { Kysely, Migration } from 'kysely';

/**
 * Repeated findings of one rule about one entity are one alert. Who and where is sealed; the tags are keyed hashes of the same, to find
 * and group by: they tell which alerts share a host, not which host.
 */
export const groupFindings: Migration = {
  async up(database: Kysely<unknown>) {
    for (const name of ['sealed', 'host_tag', 'user_tag', 'source_tag', 'process_tag', 'group_tag', 'changed_by'])
      await database.schema.alterTable('alerts').addColumn(name, 'text').execute();
    for (const name of ['findings', 'last_seen_ms', 'last_log', 'last_index', 'revision'])
      await database.schema
        .alterTable('alerts')
        .addColumn(name, 'bigint', (column) => column.notNull().defaultTo(0))
        .execute();
    for (const name of ['host_tag', 'user_tag', 'source_tag', 'process_tag', 'group_tag'])
      await database.schema.createIndex(`alerts_by_${name}`).on('alerts').columns([name, 'number']).execute();
    await database.schema.createIndex('alerts_by_severity').on('alerts').columns(['severity_id', 'number']).execute();
    await database.schema
      .createTable('alert_findings')
      .addColumn('log', 'bigint', (column) => column.notNull())
      .addColumn('entry_index', 'bigint', (column) => column.notNull())
      .addColumn('alert_id', 'text', (column) => column.notNull())
      .addColumn('input_log', 'bigint', (column) => column.notNull())
      .addColumn('input_index', 'bigint', (column) => column.notNull())
      .addColumn('seen_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('alert_findings_position', ['log', 'entry_index'])
      .execute();
    await database.schema
      .createIndex('alert_findings_by_alert')
      .on('alert_findings')
      .columns(['alert_id', 'log', 'entry_index'])
      .execute();
  },
};
