import type { AccessPolicy } from '@sallyport/access-policy';
import type { Actor, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { ColumnKeys, EncryptedColumnError, ReencryptProgress } from '@sallyport/platform/encrypted-columns';
import type { Client, Principal } from '@sallyport/platform/http';
import type { PasswordStrength } from './passwords/password-strength.ts';

export type ApiKeyNeeds = {
  /** Migrated with `identityMigrations`. */
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** Unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  /** Of the columns that hold names, labels, seeds and where somebody signed in from. */
  readonly columnKeys: ColumnKeys;
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

/** Stops the keys a person made when the person may do less. */
export type KeySuspension = {
  /**
   * In the transaction that disables a person or takes rights from them: each of their keys that is for more than they may
   * now stops, and so do the keys made with it. Nothing brings them back but `resumeKey`. `effective` is to be called after the
   * commit. How many there were.
   */
  suspendAllOf(
    transaction: Transaction,
    request: AllowedNow & { readonly makerId: string; readonly by: Principal | Actor },
  ): Promise<{ readonly count: number; effective(): void }>;
};

/** What somebody may do at best: everywhere, and at the sites where they hold a role. */
export type AllowedNow = { readonly allowed: readonly string[] } & Pick<Principal, 'siteScopes'>;

/** Programs that people let in with their sessions, which do not end by themselves with them. */
export type LetInPrograms = {
  /** In the transaction that ends the sessions. How many there were. */
  endWhere(
    transaction: Transaction,
    which:
      | { readonly userId: string; readonly beganBeforeMs?: number }
      /** Let in with one of these. */
      | { readonly sessionIds: readonly string[] }
      /** Let in with a session that rested on this provider's word. */
      | { readonly provider: string; readonly userId?: string },
    by: Principal | Actor,
  ): Promise<number>;
};

/** Accounts elsewhere whose holders come in as somebody here. */
export type OutsideLinks = {
  /** In the transaction that resets somebody or gives their place away: nobody comes in as them by another's word any more. */
  forgetPerson(
    transaction: Transaction,
    request: { readonly userId: string; readonly by: Principal },
  ): Promise<{ readonly count: number; effective(): void }>;
};

export type PeopleNeeds = Omit<ApiKeyNeeds, 'limits'> & {
  /** 32 bytes, kept outside the database: without them its password hashes, seeds and recovery codes are of no use. */
  readonly key: Uint8Array;
  readonly policy: AccessPolicy;
  readonly passwordStrength: PasswordStrength;
  readonly apiKeys: KeySuspension;
  readonly programs?: LetInPrograms;
  readonly outsideLinks?: OutsideLinks;
  /** Of somebody who would come in now: whether more than usual is asked of them. From memory, learns nothing, never throws. */
  readonly riskOf?: (
    user: { readonly id: string; readonly name: string },
    client: Client & { readonly browserKey?: string },
  ) => { readonly needsStronger: boolean };
  /** Roles somebody holds for a time, and with this session alone. Asked with every request: from memory, and never throws. */
  readonly temporaryRoles?: (of: {
    readonly userId: string;
    readonly sessionId: string;
    /** Thumbprint of the key of the browser, where the session is bound to one. */
    readonly browserKey?: string;
  }) => readonly {
    readonly role: string;
    readonly grantId: string;
    /** Without them everywhere, and with all the role brings. */
    readonly site?: string;
    readonly actions?: readonly string[];
    /** It was opened with all there is to prove: while it lasts, its session counts as just proved. */
    readonly isProof?: true;
  }[];
  /** Where browsers that know us by this name are asked for a certificate; undefined while nobody is. */
  readonly certificateDoor?: (hostName: string) => string | undefined;
  /** Whether somebody can come here by this host name, now: passkeys for others open nothing. Without it, all do. */
  readonly answersTo?: (hostName: string) => boolean;
  /** Sealed codes open this account, and nothing else does. Asked before a transaction begins. */
  readonly isSealedAccount?: (userId: string) => Promise<boolean>;
  /** Throws when nobody may hold these roles together. Asked before a transaction begins. */
  readonly refuseRoles?: (
    person: { readonly id: string | undefined; readonly name: string },
    roles: readonly string[],
  ) => Promise<void>;
};

/** Seals anew, with the newest keys and as this version does, what is not sealed so. A few rows a transaction; may be called again. */
export type TakeOver = (
  database: Database,
  options?: {
    readonly signal?: AbortSignal;
    readonly onProgress?: (progress: ReencryptProgress) => void;
    readonly onDamaged?: (damage: EncryptedColumnError) => void;
  },
) => Promise<ReencryptProgress>;
