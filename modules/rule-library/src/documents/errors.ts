import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type RuleDocumentErrorCode =
  | 'rule_document_unknown'
  | 'rule_document_conflict'
  | 'rule_document_invalid'
  | 'rule_document_refused'
  | 'rule_tests_failed'
  | 'rule_documents_full'
  | 'rule_document_in_force'
  | 'rules_busy';

/** What the library refuses. Messages quote rules, never events. */
export class RuleDocumentError extends CodedError<RuleDocumentErrorCode> {}

export const ruleDocumentProblems: ProblemTable = {
  rule_document_unknown: { status: 404, title: 'No such rule document' },
  rule_document_conflict: { status: 409, title: 'The document was changed meanwhile' },
  rule_document_invalid: { status: 400, title: 'The document is not well formed' },
  rule_document_refused: { status: 422, title: 'The rules cannot be honoured' },
  rule_tests_failed: { status: 422, title: 'Not every test of the document holds' },
  rule_documents_full: { status: 409, title: 'There is no room for more rule documents' },
  rule_document_in_force: { status: 409, title: 'The document is staged or active' },
  rules_busy: { status: 429, title: 'Too many rules are being read' },
};
