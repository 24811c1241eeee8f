import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type PolicyLibraryErrorCode =
  | 'policy_document_unknown'
  | 'policy_document_conflict'
  | 'policy_document_damaged'
  | 'policy_document_invalid'
  | 'policy_documents_full'
  | 'policy_version_unknown'
  | 'policy_version_conflict'
  | 'policy_version_state'
  | 'policy_version_damaged'
  | 'policy_refused'
  | 'policy_tests_failed'
  | 'policy_locks_out'
  | 'policy_second_person'
  | 'policy_question_invalid'
  | 'policy_work_unknown'
  | 'policy_decision_unknown'
  | 'policy_busy';

/** What the library refuses. Nothing of what was in force changes by it. */
export class PolicyLibraryError extends CodedError<PolicyLibraryErrorCode> {}

export const policyLibraryProblems: ProblemTable = {
  policy_document_unknown: { status: 404, title: 'No such policy document' },
  policy_document_conflict: { status: 409, title: 'The policy document was changed meanwhile' },
  policy_document_damaged: { status: 409, title: 'The policy document is not as it was sealed' },
  policy_document_invalid: { status: 400, title: 'The policy document is not well formed' },
  policy_documents_full: { status: 409, title: 'There is no room for more policy documents' },
  policy_version_unknown: { status: 404, title: 'No such version of the policies' },
  policy_version_conflict: { status: 409, title: 'Other policies came into force meanwhile' },
  policy_version_state: { status: 409, title: 'The version is past this step' },
  policy_version_damaged: { status: 409, title: 'The version is not as it was sealed' },
  policy_refused: { status: 422, title: 'The policies cannot be used' },
  policy_tests_failed: { status: 422, title: 'Not every test of the policies holds' },
  policy_locks_out: { status: 422, title: 'Nobody could manage policies any more' },
  policy_second_person: { status: 403, title: 'Somebody else must approve this' },
  policy_question_invalid: { status: 400, title: 'The question cannot be asked' },
  policy_work_unknown: { status: 404, title: 'No such work' },
  policy_decision_unknown: { status: 404, title: 'No such decision in the audit trail' },
  policy_busy: { status: 429, title: 'Too many policies are being tried' },
};
