import type { JsonObject, Position } from '@sallyport/contracts';
import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { Log } from '@sallyport/platform/log';
import type { ArchivePlace } from './place.ts';
import type { Credentials, PlaceSettings } from './settings.ts';

/** What archiving asks of the ledger. Nothing of it needs a key: files are copied as they lie on the disk. */
export type ArchivedLedger = {
  /** Everything before it is durable. */
  head(): Position;
  logs(): readonly { readonly number: number }[];
  /** The newest signed checkpoint; throws `unsigned` while there is none. */
  checkpoint(log: number): Promise<string>;
  /** The newest that enough witnesses cosigned. */
  cosigned(log: number): Promise<string | undefined>;
};

/** The keys, wrapped, as files for the archive: names below `vault/`. Read whole, they are small. */
export type VaultFile = { readonly name: string; readonly bytes: Uint8Array };

/** Entries somebody put a legal hold on, half-open. */
export type HeldRange = { readonly log: number; readonly from: number; readonly to: number };
export type Holds = {
  /** Changes when a hold is placed or lifted, or keys are made that one covers. */
  readonly digest: string;
  ranges(): Promise<readonly HeldRange[]>;
};

export type ArchiveNeeds = {
  readonly dataDirectory: string;
  /** With `logs/` in it. */
  readonly ledgerDirectory: string;
  readonly ledger: ArchivedLedger;
  readonly vaultFiles: () => Promise<readonly VaultFile[]>;
  readonly holds: () => Promise<Holds>;
  readonly database: Database;
  readonly outbox: Outbox;
  /** Where the credentials lie sealed. */
  readonly secrets: {
    open(name: string): Promise<Uint8Array | undefined>;
    seal(name: string, bytes: Uint8Array): Promise<void>;
  };
  readonly secretName: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly deadline: (ms: number) => AbortSignal;
  readonly openPlace: (settings: PlaceSettings, credentials: Credentials | undefined) => ArchivePlace;
};

export type Told = {
  readonly action: string;
  readonly outcome: 'success' | 'failure';
  readonly message: string;
  readonly details: JsonObject;
};
