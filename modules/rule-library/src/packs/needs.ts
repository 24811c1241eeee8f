import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import type { readInThread } from './catalogue-thread.ts';

/** A rule file as detection takes it. */
export type RuleFile = { readonly file: string; readonly text: string };

export type RulePacksNeeds = {
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'record' | 'flushed'>;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  /** 32 secret bytes, the same at every start: what is kept of packs and who may sign them is sealed under it. */
  readonly sealingKey: Uint8Array;
  /** Where the files of packs lie; made when it is not there. */
  readonly directory: string;
  /** Live detection, once there is one. */
  readonly inForce: {
    /** Asks for the rule files anew and puts them into force without a gap. Rejects where they cannot be loaded; the old ones stay then. */
    reload(actor: Principal): Promise<unknown>;
    rules(): readonly { readonly id: string; readonly file: string }[];
  };
  readonly hunts: {
    /** Begins to look for these rules in what is kept since `from`. */
    start(asked: {
      readonly text: string;
      readonly from: string;
      readonly by: Principal;
    }): Promise<{ readonly id: string }>;
  };
  /** Reads what a pack holds; by default in a thread of its own. */
  readonly read?: typeof readInThread;
  /** What goes wrong in the background; holds nothing of rules. */
  readonly log: { error(message: string, details: Readonly<Record<string, string>>): void };
};
