import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type CoverageErrorCode = 'technique_unknown' | 'framework_unknown';

/** What the coverage map refuses. */
export class CoverageError extends CodedError<CoverageErrorCode> {}

export const coverageProblems: ProblemTable = {
  technique_unknown: { status: 404, title: 'No such technique' },
  framework_unknown: { status: 404, title: 'No such framework' },
};
