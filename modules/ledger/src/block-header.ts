import { hash } from 'node:crypto';
import { LedgerError } from './errors.ts';
import { decodeLeaf, idBytes, leafBytes } from './leaf.ts';
import type { Leaf } from './leaf.ts';

/*
 * Header of a block:
 *   u8 version · u48 time · u32 log · u48 first index · u32 events · u32 runs · u32 plain length · block id · data key id
 *   · SHA-256(compressed) · SHA-256(ciphertext) · runs · leaves
 * Run: 16 bytes stream · u64 first sequence · u32 count · u32 offset of its first event in the block
 */
const version = 1;
export const fixedHeaderBytes = 1 + 6 + 4 + 6 + 4 + 4 + 4 + idBytes + idBytes + 32 + 32;
export const headerHashBytes = 16;
export const runBytes = idBytes + 16;

/** Events `offset…offset+count` of a block carry the sequences `firstSequence…` of this stream. */
export type SequenceRun = {
  readonly streamId: Uint8Array;
  readonly firstSequence: number;
  readonly count: number;
  readonly offset: number;
};

export type BlockHeader = {
  readonly receivedAtMs: number;
  readonly log: number;
  readonly firstIndex: number;
  readonly eventCount: number;
  readonly plainBytes: number;
  readonly blockId: Uint8Array;
  readonly dataKeyId: string;
  readonly compressedHash: Uint8Array;
  readonly ciphertextHash: Uint8Array;
  readonly runs: readonly SequenceRun[];
  /** `eventCount` event leaves and the block's own, each `leafBytes` long. */
  readonly leaves: Buffer;
};

/** The leaves of a block, parsed. */
export function leavesOf(header: BlockHeader): Leaf[] {
  return Array.from({ length: header.eventCount + 1 }, (_, order) =>
    decodeLeaf(header.leaves.subarray(order * leafBytes, (order + 1) * leafBytes)),
  );
}

export function encodeHeader(
  input: Omit<BlockHeader, 'eventCount' | 'dataKeyId'> & {
    readonly events: readonly unknown[];
    readonly dataKey: { readonly id: string };
  },
): Buffer {
  const bytes = Buffer.allocUnsafe(fixedHeaderBytes + input.runs.length * runBytes + input.leaves.length);
  let at = bytes.writeUInt8(version, 0);
  at = bytes.writeUIntBE(input.receivedAtMs, at, 6);
  at = bytes.writeUInt32BE(input.log, at);
  at = bytes.writeUIntBE(input.firstIndex, at, 6);
  at = bytes.writeUInt32BE(input.events.length, at);
  at = bytes.writeUInt32BE(input.runs.length, at);
  at = bytes.writeUInt32BE(input.plainBytes, at);
  for (const part of [
    input.blockId,
    Buffer.from(input.dataKey.id, 'hex'),
    input.compressedHash,
    input.ciphertextHash,
  ]) {
    bytes.set(part, at);
    at += part.length;
  }
  for (const run of input.runs) {
    bytes.set(run.streamId, at);
    bytes.writeBigUInt64BE(BigInt(run.firstSequence), at + idBytes);
    bytes.writeUInt32BE(run.count, at + idBytes + 8);
    bytes.writeUInt32BE(run.offset, at + idBytes + 12);
    at += runBytes;
  }
  bytes.set(input.leaves, at);
  return bytes;
}

/** Throws `ledger_corrupt`. */
export function decodeHeader(bytes: Buffer): BlockHeader {
  if (bytes.readUInt8(0) !== version) throw corruptBlock(`its version is ${bytes.readUInt8(0)}, must be ${version}`);
  const eventCount = bytes.readUInt32BE(17);
  const runCount = bytes.readUInt32BE(21);
  if (bytes.length !== fixedHeaderBytes + runCount * runBytes + (eventCount + 1) * leafBytes)
    throw corruptBlock('its header has the wrong length');
  const part = (offset: number, length: number): Buffer => bytes.subarray(29 + offset, 29 + offset + length);
  const runs = Array.from({ length: runCount }, (_, order) => {
    const at = fixedHeaderBytes + order * runBytes;
    return {
      streamId: bytes.subarray(at, at + idBytes),
      firstSequence: Number(bytes.readBigUInt64BE(at + idBytes)),
      count: bytes.readUInt32BE(at + idBytes + 8),
      offset: bytes.readUInt32BE(at + idBytes + 12),
    };
  });
  return {
    receivedAtMs: bytes.readUIntBE(1, 6),
    log: bytes.readUInt32BE(7),
    firstIndex: bytes.readUIntBE(11, 6),
    eventCount,
    plainBytes: bytes.readUInt32BE(25),
    blockId: part(0, idBytes),
    dataKeyId: part(idBytes, idBytes).toString('hex'),
    compressedHash: part(2 * idBytes, 32),
    ciphertextHash: part(2 * idBytes + 32, 32),
    runs,
    leaves: bytes.subarray(fixedHeaderBytes + runCount * runBytes),
  };
}

/** What stands after the header. */
export function headerHash(header: Buffer): Buffer {
  return hash('sha256', header, 'buffer').subarray(0, headerHashBytes);
}

/** What the fixed part of a header says, not checked against anything; undefined for one of another version. */
export function readFixedHeader(
  header: Buffer,
): Pick<BlockHeader, 'receivedAtMs' | 'log' | 'firstIndex' | 'eventCount' | 'dataKeyId'> | undefined {
  if (header.readUInt8(0) !== version) return undefined;
  return {
    receivedAtMs: header.readUIntBE(1, 6),
    log: header.readUInt32BE(7),
    firstIndex: header.readUIntBE(11, 6),
    eventCount: header.readUInt32BE(17),
    dataKeyId: header.toString('hex', 29 + idBytes, 29 + 2 * idBytes),
  };
}

export function corruptBlock(reason: string, cause?: unknown): LedgerError {
  return new LedgerError('ledger_corrupt', `Cannot read block: ${reason}`, { cause });
}
