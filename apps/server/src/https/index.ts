export { createAuthorityRoutes } from './authority-routes.ts';
export { httpsProblems } from './https-errors.ts';
export { createHttpsRoutes } from './https-routes.ts';
export { createHttps } from './https-service.ts';
export type { Https } from './https-service.ts';
export { stateOf, warningsOf } from './https-status.ts';
export { httpsMigrations } from './https-store.ts';
