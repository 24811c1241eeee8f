import { CodedError } from '@sallyport/platform/errors';

export type AccessPolicyErrorCode = 'policy_invalid';

/** Thrown while loading only: a decision never throws, it denies. */
export class AccessPolicyError extends CodedError<AccessPolicyErrorCode> {}
