export { DeviceFleetError, deviceFleetProblems } from './errors.ts';
export type { DeviceFleetErrorCode } from './errors.ts';
export type { SensorLimits, SensorsNeeds } from './needs.ts';
export { createSensorRoutes } from './sensors/sensor-routes.ts';
export { deviceFleetMigrations } from './sensors/sensor-store.ts';
export type { SensorView } from './sensors/sensor-view.ts';
export { createSensors } from './sensors/sensors.ts';
export type { Sensors } from './sensors/sensors.ts';
