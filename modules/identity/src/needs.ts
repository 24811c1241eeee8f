import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';

export type IdentityNeeds = {
  /** Migrated with `identityMigrations`. */
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** Unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  readonly limits?: Partial<KeyLimits>;
};

export type KeyLimits = {
  /** Keys that are neither revoked nor expired. */
  readonly maxLiveKeys: number;
  /** Revoked and expired keys kept for the list; the oldest beyond it are forgotten. Their audit events stay. */
  readonly maxEndedKeys: number;
  /** Keys remembered between requests. */
  readonly maxCachedKeys: number;
};
