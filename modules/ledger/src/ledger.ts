import type { Position } from '@sallyport/contracts';

/** One event to append. */
export type AppendEntry = {
  /** OCSF class id; stands in the leaf in clear. */
  readonly classUid: number;
  /** UTF-8 JSON of the OCSF event, at most `maxBodyBytes`. Sealed; only the hash of salt and body is in the leaf. */
  readonly body: Uint8Array;
  /** With `stream`, names the event: appending the same pair again returns the old position. A non-negative safe integer. */
  readonly sequence: number;
  /** The stream `sequence` counts in; the batch's collector unless given. */
  readonly stream?: string;
};

/** Entries of one collector, appended in order. Entries of one batch get ascending positions, duplicates aside. */
export type AppendBatch = {
  /** Who handed the events in, e.g. `intake/web-1` or `detection`. The leaf holds a keyed hash of it, never the name. */
  readonly collector: string;
  /** `intake` stops at the disk watermark; `control` (audit, findings of our own, rights) may use the reserve. */
  readonly priority: 'intake' | 'control';
  /**
   * How long it is kept, `/^[a-z][a-z0-9-]{0,30}$/`: all of a class received on a day expires together. `events` for intake and
   * `audit` for control unless given. Batches sent at the same time get their places class by class, not in order of sending.
   */
  readonly retention?: string;
  readonly entries: readonly AppendEntry[];
};

/** One event read back from the log. */
export type LedgerEvent = {
  readonly position: Position;
  /** Ledger time of receipt, milliseconds, rounded down to the second; never decreases with the position. */
  readonly receivedAtMs: number;
  readonly classUid: number;
  /** UTF-8 JSON as appended; undefined when its key was destroyed (erasure, retention). */
  readonly body: Uint8Array | undefined;
};

/** Events of the half-open range [from, to), without the log's own block entries. */
export type LedgerRange = { readonly from: Position; readonly to: Position; readonly events: readonly LedgerEvent[] };

/** Everything an auditor needs to check one event offline; see `evidence.ts`. */
export type EvidenceFile = string;

/**
 * The log of record, as the server sees it. Every promise here holds across kill -9 of any process:
 * - `append` resolves only after the entries are on disk (fsync); what it returned is never lost, moved or doubled.
 * - a rejected `append` may or may not have been recorded: send the same (stream, sequence) again.
 * - `read` returns only durable entries, in order, each exactly once.
 */
export type Ledger = {
  /** Positions in the order of `batch.entries`. Throws `LedgerError` with code `disk_low`, `overloaded`, `unavailable`, `entry_invalid`. */
  append(batch: AppendBatch): Promise<readonly Position[]>;
  /** The position the next entry will get; everything before it is durable. */
  head(): Position;
  /** Up to the limits, and not past `until` (of the same log) when given; an empty range with `to` equal to `from` at the head. A block larger than `maxBytes` is still returned whole. */
  read(from: Position, limits: { maxEvents: number; maxBytes: number; until?: Position }): Promise<LedgerRange>;
  /** Resolves when the head is past `position`; rejects with the signal's reason when aborted. */
  waitPast(position: Position, signal: AbortSignal): Promise<void>;
  /** Number of events (without block entries) in [from, to) of one log. */
  countEvents(log: number, from: number, to: number): Promise<number>;
  /** The newest signed checkpoint of a log (C2SP tlog-checkpoint), signing one now when entries are not covered yet. */
  checkpoint(log: number): Promise<string>;
  /** The key that verifies the checkpoints of a log (C2SP signed-note vkey). */
  verifierKey(log: number): Promise<string>;
  /** One event with its salt, body and inclusion proofs. Throws `LedgerError` `not_found`, `erased`. */
  prove(position: Position): Promise<EvidenceFile>;
};
