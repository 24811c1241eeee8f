import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type AlertErrorCode = 'alert_unknown' | 'alert_transition_invalid' | 'alert_streams_exhausted';

/** What alerts refuse. Messages never hold content of events. */
export class AlertError extends CodedError<AlertErrorCode> {}

/** How the module's codes appear over HTTP. */
export const alertProblems: ProblemTable = {
  alert_unknown: { status: 404, title: 'No such alert' },
  alert_transition_invalid: { status: 409, title: 'The alert cannot go from its state to this one' },
  alert_streams_exhausted: { status: 503, title: 'Too many alert streams are open' },
};
