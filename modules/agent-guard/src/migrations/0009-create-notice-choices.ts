import type { MigrationSet } from '@sallyport/platform/database';

/** Who wants to be told of waiting questions: a row of the organisation, and one of each person who chose for themselves. */
export const createNoticeChoices: MigrationSet['migrations'][string] = {
  async up({ schema }) {
    await schema
      .createTable('agent_notice_choices')
      // `organization`, or `user/ID`.
      .addColumn('who', 'text', (column) => column.notNull().primaryKey())
      .addColumn('mail', 'text', (column) => column.notNull())
      .execute();
  },
};
