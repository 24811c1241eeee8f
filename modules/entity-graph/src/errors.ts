import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type EntityGraphErrorCode = 'criticality_exhausted' | 'criticality_unknown';

/** What is refused. Messages hold nothing of events. */
export class EntityGraphError extends CodedError<EntityGraphErrorCode> {}

export const entityGraphProblems: ProblemTable = {
  criticality_exhausted: { status: 409, title: 'Too many assets have a criticality of their own' },
  criticality_unknown: { status: 404, title: 'Nobody set a criticality for this asset' },
};
