import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type AccessPolicyErrorCode = 'policy_invalid' | 'policy_engine_broken';

/** A decision never throws, it denies. What is thrown are policies that cannot be loaded, and rights that cannot be told. */
export class AccessPolicyError extends CodedError<AccessPolicyErrorCode> {}

/** Of what is thrown while the server runs. */
export const accessPolicyProblems: ProblemTable = {
  policy_engine_broken: { status: 503, title: 'Who may do what cannot be told now' },
};
