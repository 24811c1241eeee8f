import type { MigrationSet } from '@sallyport/platform/database';
import { createKeys } from './0001-create-keys.ts';

export const identityMigrations: MigrationSet = {
  module: 'identity',
  migrations: { '0001-create-keys': createKeys },
};
