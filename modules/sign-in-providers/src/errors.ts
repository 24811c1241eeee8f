import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type ProviderErrorCode =
  | 'provider_invalid'
  | 'provider_not_found'
  | 'provider_changed_meanwhile'
  | 'provider_limit_reached'
  | 'provider_role_widened'
  | 'provider_unaccepted'
  | 'provider_unreachable'
  | 'provider_answer_refused'
  | 'provider_declined'
  | 'provider_attempt_invalid'
  | 'provider_account_unknown'
  | 'provider_link_taken'
  | 'provider_link_not_found'
  | 'logout_token_refused';

/** What sign-in providers refuse. Messages hold no token, no secret and nobody's name. */
export class ProviderError extends CodedError<ProviderErrorCode> {}

export const providerProblems = {
  provider_invalid: { status: 400, title: 'The provider is not well described' },
  provider_not_found: { status: 404, title: 'There is no such provider' },
  provider_changed_meanwhile: { status: 409, title: 'Somebody else changed the provider' },
  provider_limit_reached: { status: 409, title: 'There are too many' },
  provider_role_widened: { status: 403, title: 'Nobody can map a group to more than they may' },
  provider_unaccepted: { status: 409, title: 'There are warnings to accept first' },
  provider_unreachable: { status: 503, title: 'The provider does not answer' },
  provider_answer_refused: { status: 401, title: 'What the provider answered is not accepted' },
  provider_declined: { status: 401, title: 'The provider did not sign them in' },
  provider_attempt_invalid: { status: 401, title: 'This sign-in was not begun here, or is over' },
  provider_account_unknown: { status: 403, title: 'There is no account here for that one' },
  provider_link_taken: { status: 409, title: 'That account belongs to somebody already' },
  provider_link_not_found: { status: 404, title: 'There is no such link' },
  logout_token_refused: { status: 400, title: 'The logout token is not accepted' },
} as const satisfies Record<ProviderErrorCode, ProblemTable[string]>;
