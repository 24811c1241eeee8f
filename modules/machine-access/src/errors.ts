import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type MachineAccessErrorCode =
  | 'service_credential_invalid'
  | 'service_credential_limit'
  | 'service_credential_not_found'
  | 'service_grant_widened'
  | 'service_invalid'
  | 'service_limit_reached'
  | 'service_not_found'
  | 'service_not_suspended'
  | 'service_owner_unfit'
  | 'service_scope_unknown'
  | 'user_code_throttled'
  | 'user_code_unknown'
  | 'token_login_not_found';

/** What service accounts and sign-ins by device refuse. OAuth's own endpoints answer in OAuth's words (`OAuthError`). */
export class MachineAccessError extends CodedError<MachineAccessErrorCode> {}

export const machineAccessProblems = {
  service_credential_invalid: { status: 400, title: 'The credential cannot be used' },
  service_credential_limit: { status: 409, title: 'The account has too many credentials' },
  service_credential_not_found: { status: 404, title: 'There is no such credential' },
  service_grant_widened: { status: 403, title: 'A service account gets only what its maker has' },
  service_invalid: { status: 400, title: 'The service account is not well formed' },
  service_limit_reached: { status: 409, title: 'There are too many service accounts' },
  service_not_found: { status: 404, title: 'There is no such service account' },
  service_not_suspended: { status: 409, title: 'The service account is not suspended' },
  service_owner_unfit: { status: 409, title: 'The owner cannot answer for this account' },
  service_scope_unknown: { status: 400, title: 'There is no such scope' },
  user_code_throttled: { status: 429, title: 'Too many wrong codes' },
  user_code_unknown: { status: 404, title: 'The code is wrong, used or too old' },
  token_login_not_found: { status: 404, title: 'There is no such sign-in' },
} as const satisfies Record<MachineAccessErrorCode, ProblemTable[string]>;
