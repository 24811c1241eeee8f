import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type IdentityErrorCode =
  | 'breached_import_out_of_step'
  | 'breached_import_unknown'
  | 'breached_list_damaged'
  | 'breached_list_invalid'
  | 'browser_key_required'
  | 'certificate_attempt_invalid'
  | 'certificate_authority_invalid'
  | 'certificate_authority_limit'
  | 'certificate_authority_lock_out'
  | 'certificate_authority_not_found'
  | 'certificate_refused'
  | 'certificate_taken'
  | 'certificate_unavailable'
  | 'code_address_invalid'
  | 'code_not_sent'
  | 'code_settings_invalid'
  | 'code_too_many'
  | 'code_unavailable'
  | 'code_wrong'
  | 'credentials_wrong'
  | 'key_expiry_invalid'
  | 'key_grant_widened'
  | 'key_lifetimes_invalid'
  | 'key_limit_reached'
  | 'key_name_invalid'
  | 'key_networks_invalid'
  | 'key_sites_invalid'
  | 'key_not_found'
  | 'key_not_live'
  | 'key_not_suspended'
  | 'key_proof_refused'
  | 'key_source_invalid'
  | 'factor_insufficient'
  | 'factor_limit_reached'
  | 'factor_not_found'
  | 'factor_unavailable'
  | 'last_administrator'
  | 'last_factor'
  | 'link_invalid'
  | 'organization_invalid'
  | 'others_hidden'
  | 'fido_metadata_invalid'
  | 'fido_metadata_old'
  | 'passkey_needs_name'
  | 'passkey_policy_invalid'
  | 'passkey_policy_lock_out'
  | 'passkey_refused'
  | 'password_breached'
  | 'password_weak'
  | 'passwords_busy'
  | 'proof_refused'
  | 'reset_self'
  | 'revocations_invalid'
  | 'revocations_old'
  | 'role_grant_widened'
  | 'role_unknown'
  | 'role_site_invalid'
  | 'scope_unknown'
  | 'session_not_found'
  | 'session_required'
  | 'session_limits_invalid'
  | 'sealed_account'
  | 'session_limits_lock_out'
  | 'sessions_exceeded'
  | 'setup_not_local'
  | 'sign_in_throttled'
  | 'sign_in_rules_invalid'
  | 'sign_in_rules_lock_out'
  | 'ticket_invalid'
  | 'user_disabled'
  | 'user_exists'
  | 'user_limit_reached'
  | 'user_name_invalid'
  | 'user_not_found';

export class IdentityError extends CodedError<IdentityErrorCode> {}

export const identityProblems = {
  breached_import_out_of_step: { status: 409, title: 'The part does not follow what is there' },
  breached_import_unknown: { status: 409, title: 'There is no such import any more' },
  breached_list_damaged: { status: 503, title: 'The list of breached passwords cannot be read' },
  breached_list_invalid: { status: 400, title: 'The list of breached passwords is not valid' },
  browser_key_required: { status: 403, title: 'Only a browser with a key of its own may sign in' },
  certificate_attempt_invalid: { status: 401, title: 'This was not begun in this browser, or not lately' },
  certificate_authority_invalid: { status: 400, title: 'The authority cannot be set up like this' },
  certificate_authority_limit: { status: 409, title: 'There are too many authorities' },
  certificate_authority_lock_out: { status: 409, title: 'No administrator would have a factor that is accepted' },
  certificate_authority_not_found: { status: 404, title: 'There is no such authority' },
  certificate_refused: { status: 401, title: 'The certificate was refused' },
  certificate_taken: { status: 409, title: 'The certificate belongs to an account already' },
  certificate_unavailable: { status: 409, title: 'Certificates cannot be used here' },
  code_address_invalid: { status: 400, title: 'The address is not valid' },
  code_not_sent: { status: 502, title: 'The code could not be sent' },
  code_settings_invalid: { status: 400, title: 'Codes cannot be sent like this' },
  code_too_many: { status: 429, title: 'Too many codes were sent' },
  code_unavailable: { status: 409, title: 'No code can be sent' },
  code_wrong: { status: 401, title: 'The code is wrong' },
  credentials_wrong: { status: 401, title: 'The name or the password is wrong' },
  key_expiry_invalid: { status: 400, title: 'The expiry is not valid' },
  key_grant_widened: { status: 403, title: 'A key can grant only what its creator has' },
  key_lifetimes_invalid: { status: 400, title: 'Keys cannot last so long' },
  key_limit_reached: { status: 409, title: 'There are too many keys' },
  key_name_invalid: { status: 400, title: 'The name is not valid' },
  key_networks_invalid: { status: 400, title: 'A network is not valid' },
  key_sites_invalid: { status: 400, title: 'The sites of the key are not valid' },
  key_not_found: { status: 404, title: 'There is no such key' },
  factor_insufficient: { status: 409, title: 'This factor is not enough for what the account may do' },
  factor_limit_reached: { status: 409, title: 'There are too many factors' },
  factor_not_found: { status: 404, title: 'There is no such factor' },
  factor_unavailable: { status: 409, title: 'This session keeps no factors' },
  key_not_live: { status: 409, title: 'The key is not in use any more' },
  key_not_suspended: { status: 409, title: 'The key is not suspended' },
  key_proof_refused: { status: 401, title: 'The key of the browser was refused' },
  key_source_invalid: { status: 400, title: 'The source is not valid' },
  last_administrator: { status: 409, title: 'Somebody must remain administrator' },
  last_factor: { status: 409, title: 'One second factor must remain' },
  link_invalid: { status: 403, title: 'The link was used, has expired or is wrong' },
  organization_invalid: { status: 400, title: 'The name of the organisation is not valid' },
  others_hidden: { status: 403, title: 'The sessions of others are for who manages people' },
  fido_metadata_invalid: { status: 400, title: 'The FIDO metadata was refused' },
  fido_metadata_old: { status: 409, title: 'The FIDO metadata is not newer' },
  passkey_policy_invalid: { status: 400, title: 'Passkeys cannot be restricted like this' },
  passkey_policy_lock_out: { status: 409, title: 'No administrator would have a factor that is accepted' },
  passkey_needs_name: { status: 409, title: 'Passkeys need a host name instead of an address' },
  passkey_refused: { status: 401, title: 'The passkey was refused' },
  password_breached: { status: 400, title: 'The password is known from a breach' },
  password_weak: { status: 400, title: 'The password is too easy to guess' },
  passwords_busy: { status: 503, title: 'Too many passwords are being checked' },
  proof_refused: { status: 403, title: 'That did not prove who you are' },
  reset_self: { status: 409, title: 'Nobody resets their own account' },
  revocations_invalid: { status: 400, title: 'The list of revocations was refused' },
  revocations_old: { status: 409, title: 'The list of revocations is not newer' },
  role_grant_widened: { status: 403, title: 'Nobody can give a role that may do more than they' },
  role_unknown: { status: 400, title: 'There is no such role' },
  role_site_invalid: { status: 400, title: 'Not the name of a site' },
  scope_unknown: { status: 400, title: 'There is no such scope' },
  session_limits_invalid: { status: 400, title: 'Sessions cannot last so long' },
  sealed_account: { status: 409, title: 'Sealed codes open this account' },
  session_limits_lock_out: { status: 409, title: 'That would end your own session' },
  session_not_found: { status: 404, title: 'There is no such session' },
  session_required: { status: 403, title: 'This is for people who are signed in' },
  sessions_exceeded: { status: 409, title: 'There are as many sessions as allowed' },
  setup_not_local: { status: 403, title: 'The first administrator is created on the server’s own machine' },
  sign_in_throttled: { status: 429, title: 'Too many attempts from here' },
  sign_in_rules_invalid: { status: 400, title: 'The sign-in rules are not valid' },
  sign_in_rules_lock_out: { status: 409, title: 'No administrator would have what is asked for' },
  ticket_invalid: { status: 401, title: 'This step has expired: start again' },
  user_disabled: { status: 409, title: 'The account is disabled' },
  user_exists: { status: 409, title: 'There is somebody of that name' },
  user_limit_reached: { status: 409, title: 'There are too many people' },
  user_name_invalid: { status: 400, title: 'The name is not valid' },
  user_not_found: { status: 404, title: 'There is no such person' },
} as const satisfies Record<IdentityErrorCode, ProblemTable[string]>;
