import type { MigrationSet } from '@sallyport/platform/database';
import { createKeys } from './0001-create-keys.ts';
import { createPeople } from './0002-create-people.ts';

export const identityMigrations: MigrationSet = {
  module: 'identity',
  migrations: { '0001-create-keys': createKeys, '0002-create-people': createPeople },
};
