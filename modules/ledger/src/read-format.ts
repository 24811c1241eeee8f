import type { Position } from '@sallyport/contracts';
import { LedgerError } from './errors.ts';
import type { StoredEvent } from './log.ts';

// Per event: u48 index · u48 time · u32 class · u32 body length (all ones: erased) · body. Big endian.
const fixedBytes = 20;
const erased = 0xffffffff;

export function encodeEvents(events: readonly StoredEvent[]): Buffer {
  const total = events.reduce((sum, event) => sum + fixedBytes + (event.body?.length ?? 0), 0);
  const bytes = Buffer.allocUnsafe(total);
  let at = 0;
  for (const event of events) {
    bytes.writeUIntBE(event.index, at, 6);
    bytes.writeUIntBE(event.receivedAtMs, at + 6, 6);
    bytes.writeUInt32BE(event.classUid, at + 12);
    bytes.writeUInt32BE(event.body?.length ?? erased, at + 16);
    at += fixedBytes;
    if (event.body === undefined) continue;
    event.body.copy(bytes, at);
    at += event.body.length;
  }
  return bytes;
}

export function decodeEvents(bytes: Uint8Array): StoredEvent[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: StoredEvent[] = [];
  for (let at = 0; at < view.length;) {
    if (at + fixedBytes > view.length) throw cutShort();
    const length = view.readUInt32BE(at + 16);
    const end = at + fixedBytes + (length === erased ? 0 : length);
    if (end > view.length) throw cutShort();
    events.push({
      index: view.readUIntBE(at, 6),
      receivedAtMs: view.readUIntBE(at + 6, 6),
      classUid: view.readUInt32BE(at + 12),
      body: length === erased ? undefined : view.subarray(at + fixedBytes, end),
    });
    at = end;
  }
  return events;
}

/** Ascending neighbours joined: [first, count, first, count, …]. */
export function encodeRuns(indexes: readonly number[]): number[] {
  const runs: number[] = [];
  let next = -1;
  for (const index of indexes) {
    const count = runs.at(-1);
    if (index === next && count !== undefined) runs[runs.length - 1] = count + 1;
    else runs.push(index, 1);
    next = index + 1;
  }
  return runs;
}

function decodeRuns(runs: readonly number[]): number[] {
  const indexes: number[] = [];
  for (let at = 0; at < runs.length; at += 2) {
    const [first = 0, count = 0] = runs.slice(at, at + 2);
    for (let offset = 0; offset < count; offset += 1) indexes.push(first + offset);
  }
  return indexes;
}

/**
 * Positions of a batch, most of them in one log: runs there, and `others` for entries an earlier log holds, as
 * [order, log, index, order, log, index, …].
 */
type EncodedPositions = { readonly log: number; readonly runs: number[]; readonly others?: number[] };

export function encodePositions(log: number, positions: readonly Position[]): EncodedPositions {
  const others = positions.flatMap((position, order) =>
    position.log === log ? [] : [order, position.log, position.index],
  );
  const runs = encodeRuns(positions.filter((position) => position.log === log).map(({ index }) => index));
  return { log, runs, ...(others.length === 0 ? {} : { others }) };
}

export function decodePositions({ log, runs, others = [] }: EncodedPositions): Position[] {
  const positions = decodeRuns(runs).map((index) => ({ log, index }));
  for (let at = 0; at < others.length; at += 3) {
    const [order = 0, otherLog = 0, index = 0] = others.slice(at, at + 3);
    positions.splice(order, 0, { log: otherLog, index });
  }
  return positions;
}

function cutShort(): LedgerError {
  return new LedgerError('unavailable', 'Cannot read the ledger’s reply: it is cut short');
}
