import type { LedgerEvent } from '@sallyport/ledger';
import { EventSearchError } from './errors.ts';

/** One event on its way into the store. An erased event keeps its row, with an empty body. */
export type StoreRow = {
  readonly log: number;
  readonly index: number;
  readonly receivedAtMs: number;
  readonly classUid: number;
  readonly body: Uint8Array;
};

const headerBytes = 4 + 8 + 8 + 4 + 4;

/** Rows as bytes: log u32, index f64, receivedAtMs f64, classUid u32, body length u32, body; all little-endian. No JSON is parsed. */
export function encodeRows(events: readonly LedgerEvent[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(events.reduce((sum, event) => sum + headerBytes + (event.body?.byteLength ?? 0), 0));
  let at = 0;
  for (const event of events) {
    at = bytes.writeUInt32LE(event.position.log, at);
    at = bytes.writeDoubleLE(event.position.index, at);
    at = bytes.writeDoubleLE(event.receivedAtMs, at);
    at = bytes.writeUInt32LE(event.classUid, at);
    at = bytes.writeUInt32LE(event.body?.byteLength ?? 0, at);
    if (event.body === undefined) continue;
    bytes.set(event.body, at);
    at += event.body.byteLength;
  }
  return bytes;
}

/** Throws `EventSearchError` `store_row_invalid` when `payload` is cut short or a number is out of bounds. */
export function decodeRows(payload: Uint8Array): StoreRow[] {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const rows: StoreRow[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < headerBytes) throw malformed('it ends inside a header');
    const log = bytes.readUInt32LE(at);
    const index = bytes.readDoubleLE(at + 4);
    const receivedAtMs = bytes.readDoubleLE(at + 12);
    const classUid = bytes.readUInt32LE(at + 20);
    const end = at + headerBytes + bytes.readUInt32LE(at + 24);
    if (end > bytes.length) throw malformed('it ends inside a body');
    if (!Number.isSafeInteger(index) || index < 0) throw malformed('an index is not a whole number');
    if (!Number.isSafeInteger(receivedAtMs) || receivedAtMs < 0 || receivedAtMs > lastReceivedMs)
      throw malformed('a time is out of bounds');
    rows.push({ log, index, receivedAtMs, classUid, body: bytes.subarray(at + headerBytes, end) });
    at = end;
  }
  return rows;
}

/** The year 2199: the engine's DateTime64 ends with 2299. */
const lastReceivedMs = 7_258_118_399_999;

function malformed(why: string): EventSearchError {
  return new EventSearchError('store_row_invalid', `Cannot read the rows to insert: ${why}`);
}
