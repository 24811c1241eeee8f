import type { Ledger, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { SealingKey } from '@sallyport/platform/sealed-text';

export type BehaviourNeeds = {
  readonly ledger: Pick<Ledger, 'append' | 'head'>;
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** Unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  /** 32 secret bytes, the same at every start: what is learnt about entities, their names included, is sealed and hashed under it. */
  readonly sealingKey: SealingKey;
  readonly log: { warn(message: string, details?: Readonly<Record<string, unknown>>): void };
  readonly limits?: {
    /** Entities remembered (10,000). */
    readonly entities?: number;
    /** Characters of all their states (160,000,000). */
    readonly stateCharacters?: number;
    /** Events between two checkpoints (50,000). */
    readonly checkpointEvents?: number;
    /** Time between two checkpoints (30 s), whatever the number of events. */
    readonly checkpointMs?: number;
  };
};
