import type { Worker } from 'node:worker_threads';
import type { Ledger, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { IntakeLimits } from './limits.ts';

/** A file of mappings to OCSF; `name` stands in refusals. */
export type MappingFile = { readonly name: string; readonly text: string };

export type EventIntakeNeeds = {
  readonly ledger: Pick<Ledger, 'append' | 'head' | 'read'>;
  /** Migrated with `eventIntakeMigrations`. */
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** Unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  /** How records of text formats become OCSF; without them they are base events. */
  readonly mappings?: readonly MappingFile[];
  /** Events recorded that detection has yet to look at; undefined when it is not working them off. Nobody waits for it when left out. */
  readonly behind?: () => number | undefined;
  /** The retention class of a source's events, when one was set for it. */
  readonly retentionOf?: (source: string) => string | undefined;
  readonly limits?: Partial<IntakeLimits>;
  /** Another thread than `normalise-worker.ts`, which must speak its protocol. */
  readonly createWorker?: () => Worker;
  /** Another thread than `cut/cut-worker.ts`, which must speak its protocol. */
  readonly createCutWorker?: () => Worker;
};
