import type { MigrationSet } from '@sallyport/platform/database';

/** By which session and provider a program was let in, to end with them; and which network asked, to give each its share. */
export const loginOrigins: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    for (const table of ['machine_logins', 'machine_device_codes']) {
      await schema.alterTable(table).addColumn('session_id', 'text').execute();
      await schema.alterTable(table).addColumn('provider', 'text').execute();
    }
    await schema.alterTable('machine_device_codes').addColumn('source', 'text').execute();
    await schema.alterTable('machine_device_codes').addColumn('source_key', 'text').execute();
    await schema
      .createIndex('machine_device_codes_by_source')
      .on('machine_device_codes')
      .column('source_key')
      .execute();
  },
};
