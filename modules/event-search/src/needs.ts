import type { Ledger } from '@sallyport/ledger';
import type { Database } from '@sallyport/platform/database';
import type { EventStore } from './event-store.ts';
import type { StoreClient } from './store-client.ts';

export type EventSearchNeeds = {
  /** The embedded store: the client of its process. A cluster comes as `store` instead. */
  readonly store: EventStore | { readonly client: StoreClient };
  readonly database: Database;
  /** The log of record, to repair against. `countEvents` must accept an end past the log's last entry. */
  readonly ledger: Pick<Ledger, 'countEvents' | 'read' | 'head'>;
  /** One line about what was repaired. */
  readonly log: (message: string) => void;
  /** For one search; default 10 s. */
  readonly timeoutMs?: number;
};
