import type { MigrationSet } from '@sallyport/platform/database';
import { createSources } from './0001-create-sources.ts';
import { addRhythm } from './0002-add-rhythm.ts';
import { createListeners } from './0003-create-listeners.ts';
import { addSourceHealth } from './0004-add-source-health.ts';

export const eventIntakeMigrations: MigrationSet = {
  module: 'event-intake',
  migrations: {
    '0001-create-sources': createSources,
    '0002-add-rhythm': addRhythm,
    '0003-create-listeners': createListeners,
    '0004-add-source-health': addSourceHealth,
  },
};
