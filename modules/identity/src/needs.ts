import type { AccessPolicy } from '@sallyport/access-policy';
import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { ApiKeys } from './keys/api-keys.ts';
import type { PasswordStrength } from './passwords/password-strength.ts';

export type ApiKeyNeeds = {
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

export type PeopleNeeds = Omit<ApiKeyNeeds, 'limits'> & {
  /** 32 bytes, kept outside the database: without them its password hashes, seeds and recovery codes are of no use. */
  readonly key: Uint8Array;
  readonly policy: AccessPolicy;
  readonly passwordStrength: PasswordStrength;
  readonly apiKeys: Pick<ApiKeys, 'suspendAllOf'>;
};
