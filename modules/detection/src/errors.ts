import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type DetectionErrorCode =
  | 'rules_unloadable'
  | 'rule_unknown'
  | 'detection_stopped'
  | 'cursor_moved'
  | 'scan_interrupted';

/** What detection refuses. Messages never hold content of events. */
export class DetectionError extends CodedError<DetectionErrorCode> {}

/** How detection's codes appear over HTTP. */
export const detectionProblems: ProblemTable = {
  rules_unloadable: { status: 503, title: 'The rules could not be loaded' },
  rule_unknown: { status: 404, title: 'No such rule' },
};
