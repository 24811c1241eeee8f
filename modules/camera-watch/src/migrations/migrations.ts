import type { MigrationSet } from '@sallyport/platform/database';
import { createNetworkCamerasTable } from './0001-network-cameras.ts';
import { createRecordingTables } from './0002-recordings.ts';
import { createWatchingTables } from './0003-watching.ts';
import { createSceneTable } from './0004-scenes.ts';
import { createFormerCamerasTable } from './0005-former-cameras.ts';

export const cameraWatchMigrations: MigrationSet = {
  module: 'camera-watch',
  migrations: {
    '0001-network-cameras': createNetworkCamerasTable,
    '0002-recordings': createRecordingTables,
    '0003-watching': createWatchingTables,
    '0004-scenes': createSceneTable,
    '0005-former-cameras': createFormerCamerasTable,
  },
};
