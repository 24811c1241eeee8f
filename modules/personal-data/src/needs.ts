import type { Position } from '@sallyport/contracts';
import type { Destructions, SubjectKeys } from '@sallyport/key-vault/server';
import type { Ledger, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { Log } from '@sallyport/platform/log';
import type { SubjectLimits } from './subject-directory.ts';

export type PersonalDataNeeds = {
  /** The ledger as it is, without anything opened. */
  readonly ledger: Pick<Ledger, 'append' | 'read' | 'head'>;
  readonly keys: SubjectKeys;
  readonly database: Database;
  /** 32 bytes, of the vault's. */
  readonly indexKey: Uint8Array;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly log: Log;
  readonly limits?: SubjectLimits;
};

/** Whoever keeps copies of what events said, and makes them equal to what the ledger says now. Repeating does no harm. */
export type Keeper = {
  readonly name: string;
  forget(ranges: readonly { readonly log: number; readonly from: number; readonly to: number }[]): Promise<unknown>;
};

/** What requests need besides: all of it stands on the ledger that opens what was sealed. */
export type RequestNeeds = {
  readonly outbox: Outbox;
  /** Undefined where keys cannot be destroyed: then nothing can be erased, and whoever asks is told so. */
  readonly destructions:
    | Pick<Destructions, 'propose' | 'find' | 'holds' | 'placeHold' | 'destroyedKeys' | 'onDestroyed'>
    | undefined;
  /** The keys of blocks, of every class, that were sealed on these days (YYYY-MM-DD). */
  readonly dayKeys: (days: ReadonlySet<string>) => Promise<readonly string[]>;
  readonly keepers: () => readonly Keeper[];
  /** Resolves once everybody who follows the ledger has applied what was before this position; rejects when aborted. */
  readonly caughtUp: (position: Position, signal: AbortSignal) => Promise<void>;
  /** Aborts after so long. */
  readonly deadline: (ms: number) => AbortSignal;
  /** Runs until the returned function is called. */
  readonly every: (ms: number, work: () => void) => () => void;
};

export type PositionRange = { readonly log: number; readonly from: number; readonly to: number };

/** One entry each, as keepers take them. */
export function rangesOf(positions: readonly Position[]): PositionRange[] {
  return positions.map(({ log, index }) => ({ log, from: index, to: index + 1 }));
}
