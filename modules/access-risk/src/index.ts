export { createAccessRisk } from './access-risk.ts';
export type { AccessRisk, AccessRiskFact, AccessRiskHealth, SignInRisk } from './access-risk.ts';
export { AccessRiskError, accessRiskProblems } from './errors.ts';
export type { AccessRiskErrorCode } from './errors.ts';
export { createGeo } from './geo/geo.ts';
export type { Geo } from './geo/geo.ts';
export type { AccessRiskNeeds } from './needs.ts';
export { createAccessRiskRoutes } from './routes.ts';
export { accessRiskMigrations } from './state-store.ts';
