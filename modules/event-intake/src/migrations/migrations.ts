import type { MigrationSet } from '@sallyport/platform/database';
import { createSources } from './0001-create-sources.ts';

export const eventIntakeMigrations: MigrationSet = {
  module: 'event-intake',
  migrations: { '0001-create-sources': createSources },
};
