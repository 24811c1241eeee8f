import type { MigrationSet } from '@sallyport/platform/database';
import { createRetentionTables } from './0001-create-retention.ts';

export const retentionMigrations: MigrationSet = {
  module: 'retention',
  migrations: { '0001-create-retention': createRetentionTables },
};
