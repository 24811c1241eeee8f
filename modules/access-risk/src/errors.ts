import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type AccessRiskErrorCode =
  | 'geo_file_refused'
  | 'geo_not_imported'
  | 'geo_operator_only'
  | 'risk_learning_interrupted'
  | 'risk_settings_invalid'
  | 'risk_unknown'
  | 'sign_in_unknown'
  | 'sign_in_own_answer';

/** What access-risk refuses. Messages never hold names or addresses of people. */
export class AccessRiskError extends CodedError<AccessRiskErrorCode> {}

export const accessRiskProblems: ProblemTable = {
  geo_file_refused: { status: 422, title: 'This is no database of addresses' },
  geo_not_imported: { status: 404, title: 'No such database was imported' },
  geo_operator_only: { status: 403, title: 'Only on the machine of the server' },
  risk_learning_interrupted: { status: 503, title: 'What was learnt is being read again' },
  risk_settings_invalid: { status: 422, title: 'These settings of risk are out of bounds' },
  risk_unknown: { status: 404, title: 'Nothing is known of them' },
  sign_in_unknown: { status: 404, title: 'No such sign-in' },
  sign_in_own_answer: { status: 422, title: 'From another session' },
};
