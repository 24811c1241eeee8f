import type { MigrationSet } from '@sallyport/platform/database';
import { createRuleExceptionTables } from './migrations/0001-create-rule-exceptions.ts';

export { RuleExceptionError, ruleExceptionProblems } from './errors.ts';
export type { RuleExceptionErrorCode } from './errors.ts';
export { createRuleExceptions } from './exceptions.ts';
export type { RuleExceptions } from './exceptions.ts';
export type { RuleExceptionNeeds, StoredFinding } from './needs.ts';
export { createRuleExceptionRoutes } from './routes.ts';

export const ruleExceptionMigrations: MigrationSet = {
  module: 'rule-exceptions',
  migrations: { '0001-create-rule-exceptions': createRuleExceptionTables },
};
