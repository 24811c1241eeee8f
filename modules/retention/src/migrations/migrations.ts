import type { MigrationSet } from '@sallyport/platform/database';
import { createRetentionTables } from './0001-create-retention.ts';
import { createSourceHistory } from './0002-create-source-history.ts';

export const retentionMigrations: MigrationSet = {
  module: 'retention',
  migrations: { '0001-create-retention': createRetentionTables, '0002-create-source-history': createSourceHistory },
};
