import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type AlertErrorCode =
  | 'alert_unknown'
  | 'alert_transition_invalid'
  | 'alert_changed'
  | 'alert_not_closed'
  | 'alert_streams_exhausted'
  | 'assignee_unknown'
  | 'suppression_unknown'
  | 'suppression_until_past'
  | 'suppression_too_wide'
  | 'suppression_too_long'
  | 'alert_filter_invalid'
  | 'suppressions_exhausted';

/** What alerts refuse. Messages never hold content of events. */
export class AlertError extends CodedError<AlertErrorCode> {}

/** How the module's codes appear over HTTP. */
export const alertProblems: ProblemTable = {
  alert_unknown: { status: 404, title: 'No such alert' },
  alert_transition_invalid: { status: 409, title: 'The alert cannot go from its state to this one' },
  alert_changed: { status: 409, title: 'Somebody else was faster' },
  alert_not_closed: { status: 409, title: 'Only of a closed alert can be said what it was' },
  alert_filter_invalid: { status: 400, title: 'The filter of alerts is not well formed' },
  assignee_unknown: { status: 400, title: 'Nobody who could take the alert has this id' },
  suppression_unknown: { status: 404, title: 'No such suppression' },
  suppression_until_past: { status: 400, title: 'The suppression would be over already' },
  suppression_too_wide: { status: 403, title: 'A suppression without a condition or an end is for administrators' },
  suppression_too_long: { status: 403, title: 'The suppression lasts longer than the caller may decide' },
  suppressions_exhausted: { status: 409, title: 'There are too many suppressions' },
  alert_streams_exhausted: { status: 503, title: 'Too many alert streams are open' },
};
