import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type RuleExceptionErrorCode =
  | 'exception_invalid'
  | 'exception_condition_refused'
  | 'exception_rule_unknown'
  | 'exception_not_found'
  | 'exception_changed_meanwhile'
  | 'exception_over'
  | 'exception_unaccepted'
  | 'exception_not_allowed'
  | 'exception_own_approval'
  | 'exceptions_exhausted'
  | 'trial_not_found'
  | 'trials_full';

/** What exceptions refuse. Messages quote what the caller wrote, never an event. */
export class RuleExceptionError extends CodedError<RuleExceptionErrorCode> {}

export const ruleExceptionProblems: ProblemTable = {
  exception_invalid: { status: 400, title: 'The exception is not well formed' },
  exception_condition_refused: { status: 422, title: 'The condition cannot be honoured' },
  exception_rule_unknown: { status: 404, title: 'No such rule' },
  exception_not_found: { status: 404, title: 'No such exception' },
  exception_changed_meanwhile: { status: 409, title: 'Somebody else changed the exception' },
  exception_over: { status: 409, title: 'The exception was withdrawn' },
  exception_unaccepted: { status: 409, title: 'There are warnings to accept first' },
  exception_not_allowed: { status: 403, title: 'Such an exception needs a further right' },
  exception_own_approval: { status: 403, title: 'A second person must approve it' },
  exceptions_exhausted: { status: 429, title: 'There are too many exceptions' },
  trial_not_found: { status: 404, title: 'No such trial' },
  trials_full: { status: 429, title: 'Too many trials are under way' },
};
