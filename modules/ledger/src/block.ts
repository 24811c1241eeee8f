import { createCipheriv, createDecipheriv, hash, hkdfSync } from 'node:crypto';
// As a whole: a Node that lacks zstd can still read headers and leaves.
import zlib from 'node:zlib';
import { LedgerError } from './errors.ts';
import { decodeLeaf, idBytes, leafBytes, writeLeaf } from './leaf.ts';
import type { Leaf } from './leaf.ts';

/*
 * A block on disk:
 *   u32 magic · u32 header length · u32 ciphertext length · header · 16 bytes SHA-256(header) · ciphertext and tag
 * A hollow block has another magic and no ciphertext: nothing could open it any more, and it was let go of.
 * Header: u8 version · u48 time · u32 log · u48 first index · u32 events · u32 runs · u32 plain length · block id · data key id
 *   · SHA-256(compressed) · SHA-256(ciphertext) · runs · leaves
 * Run: 16 bytes stream · u64 first sequence · u32 count · u32 offset of its first event in the block
 * Plain, per event: u32 body length · 32 bytes salt · body
 */
const blockMagic = 0x5350424b;
const hollowMagic = 0x53504248;
export const blockPrefixBytes = 12;
const version = 1;
const fixedHeaderBytes = 1 + 6 + 4 + 6 + 4 + 4 + 4 + idBytes + idBytes + 32 + 32;
const headerHashBytes = 16;
const runBytes = idBytes + 16;
const saltBytes = 32;
const tagBytes = 16;
const nonce = Buffer.alloc(12);

export const maxBlockEvents = 16_384;
// Events have at most 2 MiB; one sealed for its subjects as a whole is a third longer.
export const maxBodyBytes = 3 * 1024 * 1024;
/** A block takes at most one body past 8 MiB; the decoder refuses more, so a forged header cannot exhaust memory. */
const maxPlainBytes = 16 * 1024 * 1024;

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
  const compressed = zlib.zstdCompressSync(plain, { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } });
  const compressedHash = hash('sha256', compressed, 'buffer');
  const cipher = createCipheriv('aes-256-gcm', blockKey(input.dataKey.bytes, input, compressedHash), nonce);
  cipher.setAAD(Buffer.from(blockId));
  const ciphertext = Buffer.concat([cipher.update(compressed), cipher.final(), cipher.getAuthTag()]);
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
): ({ readonly length: number } & Pick<BlockHeader, 'receivedAtMs' | 'log' | 'firstIndex' | 'eventCount'>) | undefined {
  const length = recordLength(start);
  if (length === undefined || start.length < blockStartBytes) return undefined;
  const header = start.subarray(blockPrefixBytes);
  if (header.readUInt8(0) !== version) return undefined;
  return {
    length,
    receivedAtMs: header.readUIntBE(1, 6),
    log: header.readUInt32BE(7),
    firstIndex: header.readUIntBE(11, 6),
    eventCount: header.readUInt32BE(17),
  };
}

/**
 * Reads a whole record. Throws `ledger_corrupt` when any byte differs from what was written:
 * the header by its own hash, the ciphertext by the hash the header holds. A hollow block has no ciphertext.
 */
export function decodeBlock(record: Buffer): { header: BlockHeader; ciphertext: Buffer | undefined } {
  if (recordLength(record) !== record.length) throw corrupt('its length is wrong');
  const headerEnd = blockPrefixBytes + record.readUInt32BE(4);
  const header = record.subarray(blockPrefixBytes, headerEnd);
  if (!headerHash(header).equals(record.subarray(headerEnd, headerEnd + headerHashBytes)))
    throw corrupt('its header does not match its hash');
  const ciphertext = record.subarray(headerEnd + headerHashBytes);
  const parsed = decodeHeader(header);
  if (record.readUInt32BE(0) === hollowMagic) return { header: parsed, ciphertext: undefined };
  if (!hash('sha256', ciphertext, 'buffer').equals(parsed.ciphertextHash))
    throw corrupt('its ciphertext does not match its hash');
  return { header: parsed, ciphertext };
}

/** What stays of a record without its ciphertext: header and leaves, so that tree and indexes can still be made from it. */
export function hollowRecord(record: Buffer): Buffer {
  const kept = Buffer.from(record.subarray(0, blockPrefixBytes + record.readUInt32BE(4) + headerHashBytes));
  kept.writeUInt32BE(hollowMagic, 0);
  kept.writeUInt32BE(0, 8);
  return kept;
}

/** Each event's salt and body. Throws `ledger_corrupt` when they do not authenticate under the key. */
export function openBlock(
  block: { header: BlockHeader; ciphertext: Buffer | undefined },
  key: { logId: string; dataKey: Uint8Array },
): { salt: Buffer; body: Buffer }[] {
  const { header, ciphertext } = block;
  if (ciphertext === undefined) throw corrupt('its content was let go of');
  let plain: Buffer;
  try {
    const place = { logId: key.logId, firstIndex: header.firstIndex };
    const decipher = createDecipheriv('aes-256-gcm', blockKey(key.dataKey, place, header.compressedHash), nonce);
    decipher.setAAD(header.blockId);
    decipher.setAuthTag(ciphertext.subarray(ciphertext.length - tagBytes));
    const compressed = Buffer.concat([
      decipher.update(ciphertext.subarray(0, ciphertext.length - tagBytes)),
      decipher.final(),
    ]);
    plain = zlib.zstdDecompressSync(compressed, { maxOutputLength: maxPlainBytes });
  } catch (cause) {
    throw corrupt('it does not open under its key', cause);
  }
  const events: { salt: Buffer; body: Buffer }[] = [];
  for (let at = 0; at < plain.length;) {
    const bodyStart = at + 4 + saltBytes;
    if (bodyStart > plain.length) throw corrupt('an event is cut short');
    const end = bodyStart + plain.readUInt32BE(at);
    if (end > plain.length) throw corrupt('an event is cut short');
    events.push({ salt: plain.subarray(at + 4, bodyStart), body: plain.subarray(bodyStart, end) });
    at = end;
  }
  if (events.length !== header.eventCount)
    throw corrupt(`it holds ${events.length} events, must be ${header.eventCount}`);
  return events;
}

/** The leaves of a block, parsed. */
export function leavesOf(header: BlockHeader): Leaf[] {
  return Array.from({ length: header.eventCount + 1 }, (_, order) =>
    decodeLeaf(header.leaves.subarray(order * leafBytes, (order + 1) * leafBytes)),
  );
}

/**
 * The key of one block, used once: it depends on the place and the content, so that a machine restored to an
 * earlier state, with its random generator, cannot encrypt two contents under one key. The nonce may be constant.
 */
function blockKey(
  dataKey: Uint8Array,
  place: { logId: string; firstIndex: number },
  compressedHash: Uint8Array,
): Buffer {
  const position = Buffer.alloc(8);
  position.writeBigUInt64BE(BigInt(place.firstIndex));
  const info = Buffer.concat([Buffer.from(`sallyport-block@v1\n${place.logId}\n`), position, compressedHash]);
  return Buffer.from(hkdfSync('sha256', dataKey, Buffer.alloc(0), info, 32));
}

function encodeHeader(
  input: Omit<BlockHeader, 'eventCount' | 'dataKeyId'> & Pick<BlockInput, 'events' | 'dataKey'>,
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

function decodeHeader(bytes: Buffer): BlockHeader {
  if (bytes.readUInt8(0) !== version) throw corrupt(`its version is ${bytes.readUInt8(0)}, must be ${version}`);
  const eventCount = bytes.readUInt32BE(17);
  const runCount = bytes.readUInt32BE(21);
  if (bytes.length !== fixedHeaderBytes + runCount * runBytes + (eventCount + 1) * leafBytes)
    throw corrupt('its header has the wrong length');
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

function headerHash(header: Buffer): Buffer {
  return hash('sha256', header, 'buffer').subarray(0, headerHashBytes);
}

function corrupt(reason: string, cause?: unknown): LedgerError {
  return new LedgerError('ledger_corrupt', `Cannot read block: ${reason}`, { cause });
}
