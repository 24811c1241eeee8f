export {
  createDocumentRoutes,
  createDocumentSources,
  createRuleDocuments,
  RuleDocumentError,
  ruleDocumentMigrations,
  ruleDocumentProblems,
} from './documents/index.ts';
export type { RuleDocumentErrorCode, RuleDocuments, RuleDocumentsNeeds } from './documents/index.ts';
