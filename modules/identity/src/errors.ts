import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type IdentityErrorCode =
  | 'key_expiry_invalid'
  | 'key_grant_widened'
  | 'key_limit_reached'
  | 'key_name_invalid'
  | 'key_not_found'
  | 'key_source_invalid'
  | 'scope_unknown';

export class IdentityError extends CodedError<IdentityErrorCode> {}

export const identityProblems = {
  key_expiry_invalid: { status: 400, title: 'The expiry is not valid' },
  key_grant_widened: { status: 403, title: 'A key can grant only what it has itself' },
  key_limit_reached: { status: 409, title: 'There are too many keys' },
  key_name_invalid: { status: 400, title: 'The name is not valid' },
  key_not_found: { status: 404, title: 'There is no such key' },
  key_source_invalid: { status: 400, title: 'The source is not valid' },
  scope_unknown: { status: 400, title: 'There is no such scope' },
} as const satisfies Record<IdentityErrorCode, ProblemTable[string]>;
