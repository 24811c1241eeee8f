import type { MigrationSet } from '@sallyport/platform/database';

/** When a source was heard, so that after a start too it is known whether it should have been. */
export const addRhythm: MigrationSet['migrations'][string] = {
  async up(database) {
    await database.schema.alterTable('intake_sources').addColumn('rhythm', 'text').execute();
  },
};
