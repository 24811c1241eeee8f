import type { MigrationSet } from '@sallyport/platform/database';
import { createRuleDocuments as createTables } from './migrations/0001-create-rule-documents.ts';

export { createDocumentSources } from './document-store.ts';
export { createDocumentRoutes } from './document-routes.ts';
export { RuleDocumentError, ruleDocumentProblems } from './errors.ts';
export type { RuleDocumentErrorCode } from './errors.ts';
export type { RuleDocumentsNeeds } from './needs.ts';
export { createRuleDocuments } from './rule-documents.ts';
export type { RuleDocuments } from './rule-documents.ts';

export const ruleDocumentMigrations: MigrationSet = {
  module: 'rule-documents',
  migrations: { '0001-create-rule-documents': createTables },
};
