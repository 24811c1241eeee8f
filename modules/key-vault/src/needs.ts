import type { Clock } from '@sallyport/platform/clock';

export type KeyVaultNeeds = {
  /** Two directories; a wrapped key is used only after it is on disk in both. */
  readonly directories: readonly [string, string];
  readonly provider: MasterKeyProvider;
  readonly clock: Clock;
  /** Cryptographically secure random bytes. */
  readonly random: (bytes: number) => Buffer;
};

/** Where the master key lives: a sealed file today; TPM, PKCS#11 or an external KMS wrap and unwrap without showing it. */
export type MasterKeyProvider = {
  readonly name: string;
  /** `context` is bound to the result: unwrapping under another context fails. */
  wrap(plain: Uint8Array, context: string): Buffer;
  /** Throws `unseal_failed` when the bytes were changed or wrapped under another key or context. */
  unwrap(wrapped: Uint8Array, context: string): Buffer;
};
