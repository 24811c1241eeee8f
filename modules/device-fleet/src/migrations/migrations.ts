import type { MigrationSet } from '@sallyport/platform/database';
import { createSensorsTables } from './0001-create-sensors.ts';
import { createDevicesTables } from './0002-create-devices.ts';

export const deviceFleetMigrations: MigrationSet = {
  module: 'device-fleet',
  migrations: { '0001-create-sensors': createSensorsTables, '0002-create-devices': createDevicesTables },
};
