export { presets } from './declarations.ts';
export type { Declaration } from './declarations.ts';
export { personalDataProblems, PersonalDataError } from './errors.ts';
export type { PersonalDataErrorCode } from './errors.ts';
export { personalDataMigrations } from './migrations/migrations.ts';
export type { Keeper, PersonalDataNeeds, RequestNeeds } from './needs.ts';
export { createPersonalData } from './subject-service.ts';
export type { PersonalData, PersonalDataHealth, PersonalDataService } from './subject-service.ts';
export { createPersonalDataRoutes } from './routes.ts';
