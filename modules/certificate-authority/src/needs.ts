import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';

/** Where private keys rest. The implementation seals: bytes handed to it never reach a disk in clear. */
export type SealedSecrets = {
  /** What was sealed last under this name, or undefined when nothing was. */
  open(name: string): Promise<Uint8Array | undefined>;
  /** Resolves when the sealed form is durable. */
  seal(name: string, bytes: Uint8Array): Promise<void>;
};

export type CertificateAuthorityNeeds = {
  readonly secrets: SealedSecrets;
  /** For the outbox's transactions; the module has no tables. */
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** Unpredictable bytes, for serial numbers. */
  readonly random: (length: number) => Uint8Array;
};
