import type { Worker } from 'node:worker_threads';
import type { Ledger, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { EventStore } from './event-store.ts';
import type { MappingFile } from './history/remap-thread.ts';
import type { StoreClient } from './store-client.ts';

export type EventSearchNeeds = {
  /** The embedded store: the client of its process. A cluster comes as `store` instead. */
  readonly store: EventStore | { readonly client: StoreClient };
  /** Of the store, as its client has it: how much one insert may hold. */
  readonly memoryLimitBytes?: number;
  readonly database: Database;
  /** The log of record, to repair against. `countEvents` must accept an end past the log's last entry. */
  readonly ledger: Pick<Ledger, 'countEvents' | 'read' | 'head'>;
  readonly outbox: Pick<Outbox, 'record' | 'flushed'>;
  readonly clock: Clock;
  /** Today's mappings, by which history is shown when that is asked for. */
  readonly mappings: readonly MappingFile[];
  /** The thread that maps history; by default the one of `history/remap-worker.ts`. */
  readonly createRemapWorker?: () => Worker;
  /** One line about what was repaired. */
  readonly log: (message: string) => void;
  /** For one search; default 10 s. */
  readonly timeoutMs?: number;
};
