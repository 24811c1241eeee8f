import type { MigrationSet } from '@sallyport/platform/database';
import { createKeys } from './0001-create-keys.ts';
import { createPeople } from './0002-create-people.ts';
import { ownAccounts } from './0003-own-accounts.ts';

export const identityMigrations: MigrationSet = {
  module: 'identity',
  migrations: {
    '0001-create-keys': createKeys,
    '0002-create-people': createPeople,
    '0003-own-accounts': ownAccounts,
  },
};
