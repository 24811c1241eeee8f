import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type PersonalDataErrorCode =
  | 'declaration_invalid'
  | 'too_many_declarations'
  | 'subject_unknown'
  | 'request_unknown'
  | 'request_refused'
  | 'export_too_large';

export class PersonalDataError extends CodedError<PersonalDataErrorCode> {}

/** How the edge answers each of them. */
export const personalDataProblems: ProblemTable = {
  declaration_invalid: { status: 400, title: 'This cannot be declared' },
  too_many_declarations: { status: 409, title: 'There are as many declarations as there may be' },
  subject_unknown: { status: 404, title: 'Nothing is sealed under this name' },
  request_unknown: { status: 404, title: 'There is no such request' },
  request_refused: { status: 409, title: 'The request cannot be carried out' },
  export_too_large: { status: 413, title: 'The request asks for too much at once' },
};
