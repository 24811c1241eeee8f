import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type HuntingErrorCode =
  | 'hunt_invalid'
  | 'hunt_rule_unknown'
  | 'hunt_rule_refused'
  | 'hunt_not_found'
  | 'hunt_ended'
  | 'hunts_full'
  | 'hunt_not_now'
  | 'hunt_failed';

/** What hunting refuses. Messages hold nothing of events. */
export class HuntingError extends CodedError<HuntingErrorCode> {}

export const huntingProblems: ProblemTable = {
  hunt_invalid: { status: 400, title: 'The hunt is not well formed' },
  hunt_rule_unknown: { status: 404, title: 'No such rule' },
  hunt_rule_refused: { status: 422, title: 'The rule cannot be honoured' },
  hunt_not_found: { status: 404, title: 'No such hunt' },
  hunt_ended: { status: 409, title: 'The hunt has ended' },
  hunt_not_now: { status: 503, title: 'Search is being filled again' },
  hunts_full: { status: 429, title: 'Too many hunts are under way' },
};
