import type { Ledger, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import type { SealingKey } from '@sallyport/platform/sealed-text';
import type { Place } from './geo/place.ts';

export type AccessRiskNeeds = {
  readonly ledger: Pick<Ledger, 'append' | 'head'>;
  /** Migrated with `accessRiskMigrations`. */
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** Unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  /** 32 secret bytes, the same at every start: what is learnt is sealed and hashed under it. */
  readonly sealingKey: SealingKey;
  readonly locate: (address: string) => Place;
  /** What identity does when risk says so. Each leaves its own audit event, and may be asked again for what was done already. */
  readonly reactions: {
    /** How many there were; by the server itself. */
    endSessions(request: {
      readonly userId: string;
      readonly ids?: readonly string[];
      readonly exceptId?: string;
      /** Those that began later are not meant. */
      readonly beganBeforeMs?: number;
      readonly by: Principal;
      readonly reason: string;
    }): Promise<number>;
    /** At once; nothing when they have chosen another since. */
    requirePasswordChange(request: {
      readonly userId: string;
      readonly by: Principal;
      readonly reason: string;
      readonly unlessSinceMs: number;
    }): Promise<void>;
    /** A message to them, by whatever way there is; may do nothing, does not wait for it to arrive, and may be asked twice for the same. */
    tell(request: {
      readonly userId: string;
      readonly about: 'sign-in' | 'session-ended';
      /** Which one, where it is about a sign-in. */
      readonly signIn?: string;
      readonly words: readonly string[];
    }): Promise<void>;
  };
  readonly log: { warn(message: string, details?: Readonly<Record<string, unknown>>): void };
  readonly limits?: {
    /** People, keys and services remembered (100,000). */
    readonly people?: number;
    /** Sources and blocks of them counted (2,000). */
    readonly sources?: number;
    /** Events of ours between two checkpoints (2,000), and the time (30 s). */
    readonly checkpointEvents?: number;
    readonly checkpointMs?: number;
  };
};
