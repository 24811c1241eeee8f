import type { Ledger, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { SealingKey } from '@sallyport/platform/sealed-text';
import type { PriorityFacts } from './priority.ts';

/** Runs `task` every `intervalMs` until the returned function is called. */
export type Every = (intervalMs: number, task: () => void) => () => void;

/** Somebody alerts can be given to. */
export type Assignee = { readonly id: string; readonly name: string };

export type AlertsNeeds = {
  readonly database: Database;
  /** Where the content of alerts is: the control database holds none of it. */
  readonly ledger: Pick<Ledger, 'read'>;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly every: Every;
  /** Unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  /** 32 secret bytes, the same at every start: seal what people write about events into the control database. */
  readonly sealingKey: SealingKey;
  /** Whom alerts can be given to, by name; anybody, and nobody is listed, when left out. */
  readonly assignees?: () => Promise<readonly Assignee[]>;
  /** What priorities rest on besides the level; without it the level counts alone. */
  readonly priorityFacts?: PriorityFacts;
  readonly limits?: {
    /** Streams open at once (32). */
    readonly streams?: number;
    /** Characters waiting for one stream's reader before nothing more is fetched for it (65,536). */
    readonly streamBuffer?: number;
  };
};
