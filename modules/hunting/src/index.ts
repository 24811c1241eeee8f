import type { MigrationSet } from '@sallyport/platform/database';
import { createHunts } from './migrations/0001-create-hunts.ts';
import { createHuntedCorrelations } from './migrations/0002-create-hunted-correlations.ts';

export { HuntingError, huntingProblems } from './errors.ts';
export type { HuntingErrorCode } from './errors.ts';
export { createHunting } from './hunting.ts';
export type { Hunting } from './hunting.ts';
export type { HuntingNeeds } from './needs.ts';
export { createHuntingRoutes } from './routes.ts';

export const huntingMigrations: MigrationSet = {
  module: 'hunting',
  migrations: { '0001-create-hunts': createHunts, '0002-create-hunted-correlations': createHuntedCorrelations },
};
