import type { Ledger, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';

/** Runs `task` every `intervalMs` until the returned function is called. */
export type Every = (intervalMs: number, task: () => void) => () => void;

export type AlertsNeeds = {
  readonly database: Database;
  /** Where the content of alerts is: the control database holds none of it. */
  readonly ledger: Pick<Ledger, 'read'>;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly every: Every;
  readonly limits?: {
    /** Streams open at once (32). */
    readonly streams?: number;
    /** Characters waiting for one stream's reader before nothing more is fetched for it (65,536). */
    readonly streamBuffer?: number;
  };
};
