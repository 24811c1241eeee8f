import { hash } from 'node:crypto';
// As a whole: a Node that lacks zstd can still read headers and leaves.
import zlib from 'node:zlib';
import { maxPlainBytes, saltBytes, sealCompressed, tagBytes } from './block-content.ts';
import {
  corruptBlock,
  decodeHeader,
  encodeHeader,
  fixedHeaderBytes,
  headerHash,
  headerHashBytes,
  readFixedHeader,
  runBytes,
} from './block-header.ts';
import type { BlockHeader, SequenceRun } from './block-header.ts';
import { leafBytes, writeLeaf } from './leaf.ts';

/*
 * A block on disk:
 *   u32 magic · u32 header length · u32 ciphertext length · header · 16 bytes SHA-256(header) · ciphertext and tag
 * A hollow block has another magic and no ciphertext: nothing could open it any more, and it was let go of.
 */
const blockMagic = 0x5350424b;
const hollowMagic = 0x53504248;
export const blockPrefixBytes = 12;

export const maxBlockEvents = 16_384;
// Events have at most 2 MiB; one sealed for its subjects as a whole is a third longer.
export const maxBodyBytes = 3 * 1024 * 1024;
export type BlockInput = {
  readonly receivedAtMs: number;
  readonly log: number;
  readonly logId: string;
  readonly firstIndex: number;
  readonly blockId: Uint8Array;
  readonly dataKey: { readonly id: string; readonly bytes: Uint8Array };
  readonly runs: readonly SequenceRun[];
  readonly events: readonly {
    readonly classUid: number;
    readonly collectorId: Uint8Array;
    readonly body: Uint8Array;
  }[];
  readonly random: (bytes: number) => Buffer;
};

/** One block, ready to be appended to a segment file, and the leaves it adds to the tree. */
export function encodeBlock(input: BlockInput): { record: Buffer; leaves: Buffer } {
  const { events, blockId, receivedAtMs } = input;
  const plainBytes = events.reduce((sum, event) => sum + 4 + saltBytes + event.body.length, 0);
  const plain = Buffer.allocUnsafe(plainBytes);
  const salts = input.random(events.length * saltBytes);
  const leaves = Buffer.allocUnsafe((events.length + 1) * leafBytes);
  const bodyHash = Buffer.allocUnsafe(32);
  let at = 0;
  for (const [order, event] of events.entries()) {
    plain.writeUInt32BE(event.body.length, at);
    salts.copy(plain, at + 4, order * saltBytes, (order + 1) * saltBytes);
    plain.set(event.body, at + 4 + saltBytes);
    const end = at + 4 + saltBytes + event.body.length;
    // As text of one character a byte: half the time of a Buffer of its own for every event.
    bodyHash.write(hash('sha256', plain.subarray(at + 4, end), 'binary'), 'latin1');
    const { classUid, collectorId } = event;
    writeLeaf(
      { kind: 'event', receivedAtMs, classUid, collectorId, blockId, hash: bodyHash },
      leaves,
      order * leafBytes,
    );
    at = end;
  }
  const compressed = zlib.zstdCompressSync(plain, {
    params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 },
    // In one piece: pieces of the usual 16 KiB take a fifth longer.
    chunkSize: plainBytes + 1024,
  });
  const compressedHash = hash('sha256', compressed, 'buffer');
  const ciphertext = sealCompressed(compressed, { ...input, dataKey: input.dataKey.bytes, compressedHash });
  const ciphertextHash = hash('sha256', ciphertext, 'buffer');
  writeLeaf(
    { kind: 'block', receivedAtMs, eventCount: events.length, blockId, hash: ciphertextHash },
    leaves,
    events.length * leafBytes,
  );
  const header = encodeHeader({ ...input, plainBytes, compressedHash, ciphertextHash, leaves });
  const prefix = Buffer.allocUnsafe(blockPrefixBytes);
  prefix.writeUInt32BE(blockMagic, 0);
  prefix.writeUInt32BE(header.length, 4);
  prefix.writeUInt32BE(ciphertext.length, 8);
  return { record: Buffer.concat([prefix, header, headerHash(header), ciphertext]), leaves };
}

/** The total length of the record whose first `blockPrefixBytes` are given, or undefined when they are not a block's. */
export function recordLength(prefix: Buffer): number | undefined {
  if (prefix.length < blockPrefixBytes) return undefined;
  const isHollow = prefix.readUInt32BE(0) === hollowMagic;
  if (!isHollow && prefix.readUInt32BE(0) !== blockMagic) return undefined;
  const headerLength = prefix.readUInt32BE(4);
  const cipherLength = prefix.readUInt32BE(8);
  if (
    headerLength < fixedHeaderBytes ||
    headerLength > fixedHeaderBytes + maxBlockEvents * (runBytes + leafBytes) + leafBytes
  )
    return undefined;
  if (isHollow ? cipherLength !== 0 : cipherLength < tagBytes || cipherLength > maxPlainBytes + 1024 * 1024)
    return undefined;
  return blockPrefixBytes + headerLength + headerHashBytes + cipherLength;
}

export const blockStartBytes = blockPrefixBytes + fixedHeaderBytes;

/** What the first `blockStartBytes` of a record say, not checked against its hash. Undefined when they are not a block's. */
export function readBlockStart(
  start: Buffer,
): ({ readonly length: number } & NonNullable<ReturnType<typeof readFixedHeader>>) | undefined {
  const length = recordLength(start);
  if (length === undefined || start.length < blockStartBytes) return undefined;
  const fixed = readFixedHeader(start.subarray(blockPrefixBytes));
  return fixed === undefined ? undefined : { length, ...fixed };
}

/**
 * Reads a whole record. Throws `ledger_corrupt` when any byte differs from what was written:
 * the header by its own hash, the ciphertext by the hash the header holds. A hollow block has no ciphertext.
 */
export function decodeBlock(record: Buffer): { header: BlockHeader; ciphertext: Buffer | undefined } {
  if (recordLength(record) !== record.length) throw corruptBlock('its length is wrong');
  const headerEnd = blockPrefixBytes + record.readUInt32BE(4);
  const header = record.subarray(blockPrefixBytes, headerEnd);
  if (!headerHash(header).equals(record.subarray(headerEnd, headerEnd + headerHashBytes)))
    throw corruptBlock('its header does not match its hash');
  const ciphertext = record.subarray(headerEnd + headerHashBytes);
  const parsed = decodeHeader(header);
  if (record.readUInt32BE(0) === hollowMagic) return { header: parsed, ciphertext: undefined };
  if (!hash('sha256', ciphertext, 'buffer').equals(parsed.ciphertextHash))
    throw corruptBlock('its ciphertext does not match its hash');
  return { header: parsed, ciphertext };
}

/** What stays of a record without its ciphertext: header and leaves, so that tree and indexes can still be made from it. */
export function hollowRecord(record: Buffer): Buffer {
  const kept = Buffer.from(record.subarray(0, blockPrefixBytes + record.readUInt32BE(4) + headerHashBytes));
  kept.writeUInt32BE(hollowMagic, 0);
  kept.writeUInt32BE(0, 8);
  return kept;
}
