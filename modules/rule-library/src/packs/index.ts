import type { MigrationSet } from '@sallyport/platform/database';
import { createRulePacks as createTables } from './migrations/0001-create-rule-packs.ts';

export { RulePackError, rulePackProblems } from './errors.ts';
export type { RulePackErrorCode } from './errors.ts';
export { createRulePacks } from './rule-packs.ts';
export type { RulePacks } from './rule-packs.ts';
export type { RuleFile, RulePacksNeeds } from './needs.ts';
export { createRulePackRoutes } from './pack-routes.ts';

export const rulePackMigrations: MigrationSet = {
  module: 'rule-packs',
  migrations: { '0001-create-rule-packs': createTables },
};
