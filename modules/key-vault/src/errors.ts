import { CodedError } from '@sallyport/platform/errors';

const codes = [
  /** Bytes or context do not authenticate: damage, or another key. */
  'unseal_failed',
  /** No copy is intact, or the copies contradict each other. */
  'vault_damaged',
  /** Older than what is known of it elsewhere. */
  'vault_rolled_back',
  /** A vault of version 1 was written to after it had been replaced. */
  'vault_two_versions',
  /** A write failed: what is on the disk is not known until it is opened again. */
  'vault_closed',
  'provider_unavailable',
  'provider_refused',
  'provider_changed',
  /** The vault names a provider this process was not given. */
  'provider_unknown',
  'master_ambiguous',
  'master_absent',
  'vault_key_unknown',
  'label_invalid',
  /** A copy of the machine, or its successor nobody named yet. */
  'machine_changed',
  'state_refused',
  'rotation_running',
  'destruction_refused',
  'kit_refused',
] as const;
export type KeyVaultErrorCode = (typeof codes)[number];

export class KeyVaultError extends CodedError<KeyVaultErrorCode> {}

export function isKeyVaultCode(code: string | undefined): code is KeyVaultErrorCode {
  return codes.some((known) => known === code);
}
