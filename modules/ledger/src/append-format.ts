import { maxBodyBytes } from './block.ts';
import { LedgerError } from './errors.ts';
import type { AppendBatch } from './ledger.ts';

// Per entry: u32 class · u64 sequence · u32 stream (its place in the head's list) · u32 body length · body. Big endian.
const fixedBytes = 20;

export type AppendItem = {
  readonly stream: string;
  readonly sequence: number;
  readonly classUid: number;
  readonly body: Buffer;
};

const maxNameLength = 200;
/** Fits into one frame with room to spare. */
const maxBatchBytes = 48 * 1024 * 1024;

/** The batch as it crosses to the sealer. Throws `entry_invalid` for what the sealer would refuse. */
export function encodeAppend(batch: AppendBatch): { streams: string[]; payload: Buffer } {
  const streams = new Map<string, number>();
  const parts: Uint8Array[] = [];
  for (const entry of batch.entries) {
    const stream = entry.stream ?? batch.collector;
    const problem = problemWith({ ...entry, stream });
    if (problem !== undefined)
      throw new LedgerError('entry_invalid', `Cannot append to stream "${stream.slice(0, maxNameLength)}": ${problem}`);
    const place = streams.get(stream) ?? streams.size;
    streams.set(stream, place);
    const fixed = Buffer.allocUnsafe(fixedBytes);
    fixed.writeUInt32BE(entry.classUid, 0);
    fixed.writeBigUInt64BE(BigInt(entry.sequence), 4);
    fixed.writeUInt32BE(place, 12);
    fixed.writeUInt32BE(entry.body.length, 16);
    parts.push(fixed, entry.body);
  }
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  if (bytes > maxBatchBytes) {
    throw new LedgerError('entry_invalid', `Cannot append: batch is ${bytes} bytes, must be at most ${maxBatchBytes}`);
  }
  return { streams: [...streams.keys()], payload: Buffer.concat(parts, bytes) };
}

/** Reverses `encodeAppend`. Throws `entry_invalid`; trusts nothing it reads. */
export function decodeAppend(streams: readonly string[], bytes: Uint8Array): AppendItem[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const items: AppendItem[] = [];
  for (let at = 0; at < view.length;) {
    if (at + fixedBytes > view.length) throw cutShort();
    const stream = streams[view.readUInt32BE(at + 12)];
    const bodyStart = at + fixedBytes;
    const end = bodyStart + view.readUInt32BE(at + 16);
    if (end > view.length || stream === undefined) throw cutShort();
    const item = {
      stream,
      sequence: Number(view.readBigUInt64BE(at + 4)),
      classUid: view.readUInt32BE(at),
      body: view.subarray(bodyStart, end),
    };
    const problem = problemWith(item);
    if (problem !== undefined) throw new LedgerError('entry_invalid', `Cannot append: ${problem}`);
    items.push(item);
    at = end;
  }
  return items;
}

function problemWith(entry: {
  stream: string;
  sequence: number;
  classUid: number;
  body: Uint8Array;
}): string | undefined {
  if (!Number.isSafeInteger(entry.sequence) || entry.sequence < 0)
    return `sequence is ${entry.sequence}, must be a whole number from 0 to 2^53-1`;
  if (!Number.isInteger(entry.classUid) || entry.classUid < 0 || entry.classUid > 0xffffffff)
    return `class is ${entry.classUid}, must fit into 32 bits`;
  if (entry.body.length > maxBodyBytes) return `size is ${entry.body.length} bytes, must be at most ${maxBodyBytes}`;
  if (entry.stream.length === 0 || entry.stream.length > maxNameLength)
    return `stream name has ${entry.stream.length} characters, must be 1 to ${maxNameLength}`;
  // Two names with different lone surrogates are the same bytes, and would be the same stream.
  if (!entry.stream.isWellFormed()) return 'stream name has a lone surrogate, must be well-formed';
  return undefined;
}

function cutShort(): LedgerError {
  return new LedgerError('entry_invalid', 'Cannot append: the batch is cut short');
}
