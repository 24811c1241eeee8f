import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { Log } from '@sallyport/platform/log';
import type { AlgorithmUse, GatheredAsset } from './asset.ts';

/** Somebody who is asked what cryptography they hold or use. Handed over by the server; never answers with secret bytes. */
export type InventorySource = {
  /** `key-vault`; part of no asset's id. */
  readonly name: string;
  /** Rejects when it cannot say: its assets are then missing, which is told, and nothing of it counts as healed. */
  gather(signal: AbortSignal): Promise<readonly GatheredAsset[]>;
  readonly uses?: readonly AlgorithmUse[];
};

export type InventoryNeeds = {
  readonly sources: readonly InventorySource[];
  /** Migrated with `inventoryMigrations`. */
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends a source that does not answer. */
  readonly deadline: (ms: number) => AbortSignal;
  readonly product: { readonly name: string; readonly version: string };
};
