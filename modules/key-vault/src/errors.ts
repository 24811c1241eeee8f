import { CodedError } from '@sallyport/platform/errors';

export type KeyVaultErrorCode =
  | 'unseal_failed'
  | 'vault_damaged'
  | 'key_unknown'
  | 'label_invalid'
  | 'secret_not_offered';

export class KeyVaultError extends CodedError<KeyVaultErrorCode> {}
