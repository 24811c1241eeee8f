import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type BehaviourErrorCode = 'entity_unknown' | 'model_unknown' | 'learning_interrupted';

/** What behaviour refuses. Messages never hold names of entities. */
export class BehaviourError extends CodedError<BehaviourErrorCode> {}

export const behaviourProblems: ProblemTable = {
  entity_unknown: { status: 404, title: 'No such entity' },
  model_unknown: { status: 422, title: 'This entity has no such model' },
  learning_interrupted: { status: 503, title: 'What was learnt is being read again' },
};
