export { createAlerts } from './alerts.ts';
export type { Alerts, AlertsHealth } from './alerts.ts';
export type { Alert, AlertState, NewAlert, StateChange } from './alert.ts';
export { alertMigrations } from './alert-store.ts';
export type { AlertFilter } from './alert-store.ts';
export { AlertError, alertProblems } from './errors.ts';
export type { AlertErrorCode } from './errors.ts';
export type { AlertsNeeds } from './needs.ts';
export { createAlertRoutes } from './routes.ts';
