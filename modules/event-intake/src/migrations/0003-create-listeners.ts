import type { MigrationSet } from '@sallyport/platform/database';

/** Where senders of syslog are listened to, as somebody chose it. */
export const createListeners: MigrationSet['migrations'][string] = {
  async up(database) {
    await database.schema
      .createTable('intake_listeners')
      .addColumn('name', 'text', (column) => column.notNull().primaryKey())
      .addColumn('document', 'text', (column) => column.notNull())
      .execute();
  },
};
