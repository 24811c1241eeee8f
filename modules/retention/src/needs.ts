import type { JsonObject } from '@sallyport/contracts';
import type { Destructions } from '@sallyport/key-vault/server';
import type { Outbox, SealedClient, SealedRange } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { Log } from '@sallyport/platform/log';

/** Content that is gone with these keys, and the entries it stood at. */
export type Erased = { readonly keyIds: readonly string[]; readonly ranges: readonly SealedRange[] };

/** Somebody who keeps copies of what entries of the ledger said. */
export type Keeper = {
  /** Stable: receipts are kept by it. */
  readonly name: string;
  /**
   * Makes its copies give back no more than the ledger does now, and says how many it changed. Called again after a crash or a
   * failure, and with the same entries twice: it must end in the same state.
   */
  forget(erased: Erased): Promise<number>;
};

/** How long recordings of cameras are kept, which their own settings say. */
export type RecordingsKept = { readonly days: number; readonly bytes: number; readonly usedBytes: number };

export type RetentionNeeds = {
  /** Migrated with `retentionMigrations`. */
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'record' | 'flushed'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly every: (intervalMs: number, task: () => void) => () => void;
  readonly ledger: SealedClient & { status(): Promise<JsonObject> };
  readonly destructions: Pick<
    Destructions,
    'propose' | 'list' | 'holds' | 'placeHold' | 'policies' | 'destroyedKeys' | 'onDestroyed'
  >;
  /** The inventory of the vault. */
  readonly inventory: () => Promise<JsonObject>;
  readonly keepers: readonly Keeper[];
  readonly recordings?: () => Promise<RecordingsKept>;
  /** Lets go of sealed content in these logs that no key opens any more. */
  readonly prune?: (logs: readonly number[]) => Promise<void>;
};
