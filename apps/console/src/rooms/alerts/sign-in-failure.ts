import { isJsonObject } from '@sallyport/contracts';

export type SignInFailure = { readonly name: string; readonly reason: string; readonly address: string };

const reasonWords: ReadonlyMap<string, string> = new Map([
  ['user_unknown', 'nobody has this name'],
  ['user_disabled', 'the account is disabled'],
  ['user_not_ready', 'the account is not set up yet'],
  ['password_wrong', 'the password was wrong'],
  ['code_wrong', 'the code of the authenticator app was wrong'],
  ['recovery_code_wrong', 'the recovery code was wrong'],
  ['passkey_refused', 'the passkey was refused'],
  ['throttled', 'too many attempts before'],
]);

/** What an audit event of ours says of a sign-in that failed; undefined for any other event, also one that claims to be ours. */
export function signInFailure(event: unknown): SignInFailure | undefined {
  if (!isJsonObject(event) || event['class_uid'] !== 3002 || event['status_id'] !== 2) return undefined;
  const { metadata, user, src_endpoint: source, status_detail: detail } = event;
  // Events from outside keep their original.
  if (event['raw_data'] !== undefined || !isJsonObject(metadata) || metadata['log_name'] !== 'audit') return undefined;
  const reason = textOf(detail);
  return {
    name: isJsonObject(user) ? textOf(user['name']) : '',
    reason: reasonWords.get(reason) ?? (reason === '' ? 'not said' : reason),
    address: isJsonObject(source) ? textOf(source['ip']) : '',
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
