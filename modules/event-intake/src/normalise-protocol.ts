import type { EventBytes, OwnReading } from './event-bytes.ts';
import type { KeptRawReason } from './kept-raw-reasons.ts';
import type { IntakeLimits } from './limits.ts';
import type { RecordFormat } from './records/record-format.ts';
import type { BatchSummary } from './sources/batch-summary.ts';

/** How the events of a batch are to be read. */
export type Reading = {
  readonly format: RecordFormat;
  /** Minutes east of UTC of times that name no zone; 0 when left out. */
  readonly zoneMinutes?: number;
  /** Who sent them, for messages that name no host. */
  readonly host?: string | undefined;
  /** With whose key, and as which source, they were sent: stands in every event, whatever the event claims. */
  readonly reporter?: { readonly uid: string; readonly name: string } | undefined;
};

/** Events for the worker: their bytes one after another. */
export type NormaliseRequest = {
  readonly bytes: Uint8Array;
  /** Where each event ends in `bytes`. */
  readonly ends: readonly number[];
  /** Events of which `bytes` holds only the beginning. */
  readonly cut: readonly { readonly event: number; readonly bytes: number; readonly sha256: string }[];
  /** Events that could not be read on the way in, and why. */
  readonly faults: readonly { readonly event: number; readonly reason: KeptRawReason }[];
  /** From which events on another reading holds. */
  readonly changes?: readonly ReadingChange[];
  readonly receivedAtMs: number;
  readonly reading: Reading;
  /** Where their source stands: in every event, beside who sent it. */
  readonly site?: string;
  readonly limits: Pick<IntakeLimits, 'maxDepth' | 'maxFields' | 'keptBytesOfLongEvent'>;
  /** Whether to tell which fields of each record were not looked at. */
  readonly isTraced?: boolean;
  /** Shared with the thread: the ordinal of the event it looks at. */
  readonly progress?: Int32Array;
};

export type ReadingChange = { readonly event: number; readonly reading: OwnReading | undefined };

/** The OCSF bodies one after another, in the order of the request. */
export type NormaliseReply = {
  readonly bodies: ArrayBuffer;
  readonly ends: readonly number[];
  readonly classUids: readonly number[];
  /** Index into `keptRawReasons` for each event. */
  readonly reasons: readonly number[];
  readonly summary: BatchSummary;
  /** Of a traced request: for each event the fields nobody looked at. */
  readonly unread?: readonly (readonly string[])[];
};

/** Gathers events into one request. */
export type BatchBuilder = {
  readonly events: number;
  /** Of its events, and of what has to be known to read them. */
  readonly bytes: number;
  hasRoomFor(event: EventBytes): boolean;
  add(event: EventBytes): void;
  /** The batch, and ready for the next. */
  take(receivedAtMs: number): NormaliseRequest;
};

/** An event larger than the rest of the batch starts the next one; an event larger than a whole batch gets one alone. */
export function createBatchBuilder(limits: IntakeLimits, reading: Reading): BatchBuilder {
  let buffer = new Uint8Array(65_536);
  let length = 0;
  let headBytes = 0;
  let ends: number[] = [];
  let cut: { event: number; bytes: number; sha256: string }[] = [];
  let faults: { event: number; reason: KeptRawReason }[] = [];
  let changes: ReadingChange[] = [];

  const newHeadBytes = (own: OwnReading | undefined): number =>
    own === changes.at(-1)?.reading ? 0 : (own?.head?.length ?? 0);

  return {
    get events() {
      return ends.length;
    },
    get bytes() {
      return length + headBytes;
    },
    hasRoomFor: ({ bytes, reading: own }) =>
      ends.length === 0 ||
      (ends.length < limits.maxBatchEvents &&
        length + headBytes + bytes.byteLength + newHeadBytes(own) <= limits.maxBatchBytes),
    add({ bytes, whole, fault, reading: own }) {
      if (length + bytes.byteLength > buffer.byteLength) {
        const larger = new Uint8Array(Math.max(2 * buffer.byteLength, length + bytes.byteLength));
        larger.set(buffer.subarray(0, length));
        buffer = larger;
      }
      buffer.set(bytes, length);
      length += bytes.byteLength;
      if (whole !== undefined) cut.push({ event: ends.length, ...whole });
      if (fault !== undefined) faults.push({ event: ends.length, reason: fault });
      headBytes += newHeadBytes(own);
      if (own !== changes.at(-1)?.reading) changes.push({ event: ends.length, reading: own });
      ends.push(length);
    },
    take(receivedAtMs) {
      const { maxDepth, maxFields, keptBytesOfLongEvent } = limits;
      const request = {
        bytes: buffer.subarray(0, length),
        ends,
        cut,
        faults,
        changes,
        receivedAtMs,
        reading,
        limits: { maxDepth, maxFields, keptBytesOfLongEvent },
      };
      buffer = new Uint8Array(Math.max(65_536, Math.min(length, limits.maxBatchBytes)));
      length = 0;
      headBytes = 0;
      ends = [];
      cut = [];
      faults = [];
      changes = [];
      return request;
    },
  };
}
