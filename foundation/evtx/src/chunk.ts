import type { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';
import type { ChunkContext } from './binxml-parse.ts';
import type { Damage, DamageCode } from './damage.ts';
import {
  closesWith,
  plausibleSize,
  readRecord,
  recordHeadBytes,
  recordIdAt,
  recordMagic,
  recordSizeAt,
} from './event-record.ts';
import type { EvtxOptions, EvtxRecord } from './event-record.ts';
import { createBudget } from './limits.ts';

export const chunkBytes = 65_536;
export const chunkMagic = 'ElfChnk\0';
/** The records begin right behind it. */
export const chunkHeaderBytes = 512;

export type ChunkHeader = {
  /** The checksum of the header holds. */
  readonly isHeaderVerified: boolean;
  /** The checksum of the records holds, and so does the header's, which bears it. */
  readonly isVerified: boolean;
  /** Where the records end that the header counts. */
  readonly countedEnd: number;
};

/** Reads the header of a chunk that may be cut off. Nothing in it is believed that its checksum does not cover or its records do not bear out. */
export function readChunkHeader(bytes: Buffer): ChunkHeader {
  if (bytes.length < chunkHeaderBytes) return { isHeaderVerified: false, isVerified: false, countedEnd: bytes.length };
  const isHeaderVerified = isChunkHeaderVerified(bytes);
  const said = bytes.readUInt32LE(48);
  const isInside = said >= chunkHeaderBytes && said <= bytes.length;
  const isVerified =
    isHeaderVerified && isInside && crc32(bytes.subarray(chunkHeaderBytes, said)) === bytes.readUInt32LE(52);
  const countedEnd = isInside && (isHeaderVerified || endsWithLastRecord(bytes, said)) ? said : bytes.length;
  return { isHeaderVerified, isVerified, countedEnd };
}

export function isChunkHeaderVerified(bytes: Buffer): boolean {
  const checksum = crc32(bytes.subarray(128, chunkHeaderBytes), crc32(bytes.subarray(0, 120)));
  return bytes.length >= chunkHeaderBytes && checksum === bytes.readUInt32LE(124);
}

function endsWithLastRecord(bytes: Buffer, end: number): boolean {
  const last = bytes.readUInt32LE(44);
  return last >= chunkHeaderBytes && last < end && recordSizeAt(bytes, last, end) === end - last;
}

/** The number of the last record seen, across the chunks of a log. */
export type RecordSequence = { last: bigint | undefined };

/**
 * Reads a chunk: its records in the order they lie in it, and what is wrong with it. Damage to one record leaves the others.
 * Records past the counted end are read while their numbers go on, as in a log that was not closed; what lies there from
 * earlier use of the chunk is not.
 */
export function* readChunk(
  bytes: Buffer,
  chunkOffset: number,
  sequence: RecordSequence,
  options: EvtxOptions,
): Generator<EvtxRecord | Damage> {
  const header = readChunkHeader(bytes);
  const context: ChunkContext = {
    bytes,
    budget: createBudget(),
    names: new Map(),
    templates: new Map(),
    open: new Set(),
  };
  const damage = (code: DamageCode, position: number, why: string): Damage => ({
    kind: 'damaged',
    code,
    offset: chunkOffset + position,
    why,
  });
  if (bytes.length < chunkBytes)
    yield damage('chunk_truncated', bytes.length, `The chunk has ${bytes.length} bytes, must be ${chunkBytes}`);
  if (!header.isHeaderVerified) {
    yield damage('chunk_header_checksum', 0, 'The header of the chunk does not have its checksum');
  } else if (!header.isVerified) {
    yield damage('chunk_records_checksum', chunkHeaderBytes, 'The records of the chunk do not have their checksum');
  }

  let position = chunkHeaderBytes;
  let previous = sequence.last;
  while (position < bytes.length) {
    const isCounted = position < header.countedEnd;
    const end = isCounted ? header.countedEnd : bytes.length;
    const found = isCounted ? countedRecord(bytes, position, end) : nextRecord(bytes, position, previous);
    if (found === undefined && !isCounted) break;
    if (found === undefined || !found.isWhole) {
      if (found === undefined && isZero(bytes, position, end)) break;
      yield damage('record_header', position, `No whole record begins at ${position} of the chunk`);
    }
    if (found === undefined) {
      position = findRecord(bytes, position + 1, end) ?? end;
      continue;
    }
    const isVerified = header.isVerified && isCounted && found.isWhole;
    const id = recordIdAt(bytes, position);
    if (isVerified && sequence.last !== undefined && id > sequence.last + 1n) yield missing(sequence.last, id);
    const place = { start: position, size: found.size, chunkOffset, isVerified };
    const { item, bodyEnd } = readRecord(context, place, options);
    yield item;
    if (item.kind === 'damaged' && item.code === 'chunk_too_large') return;
    previous = id;
    advance(sequence, id, isVerified);
    position += found.size;
    if (bodyEnd !== undefined) yield* readHidden(bodyEnd, position, isVerified);
  }
  const last = header.isVerified ? bytes.readBigUInt64LE(32) : 0n;
  if (previous !== undefined && last > previous && last - previous < largestStep) {
    yield missing(previous, last + 1n);
    sequence.last = last;
  }

  function missing(last: bigint, id: bigint): Damage {
    const why = `Records ${last + 1n} to ${id - 1n} are not there`;
    return damage('records_missing', position, why);
  }

  /**
   * Records in the room between a record's event and its end. Tools that hide an event make the record before it longer
   * and mend the checksums; the hidden record shares the end, or has one of its own.
   */
  function* readHidden(bodyEnd: number, end: number, isVerified: boolean): Generator<EvtxRecord | Damage> {
    let start = bodyEnd;
    while (end - start > recordHeadBytes) {
      start = indexOfMagic(bytes, start, end);
      if (start < 0) return;
      const size = recordSizeAt(bytes, start, end);
      const isRecord = size !== undefined && (closesWith(bytes, start, size) || start + size === end);
      if (isRecord) {
        yield damage('record_hidden', start, `Record ${recordIdAt(bytes, start)} lies inside another record's bounds`);
        const place = { start, size, chunkOffset, isVerified };
        const { item } = readRecord(context, place, options);
        yield item;
        previous = recordIdAt(bytes, start);
        advance(sequence, previous, isVerified);
      }
      start += isRecord ? size : 4;
    }
  }
}

type FoundRecord = { readonly size: number; readonly isWhole: boolean };

/** The record at a place where one should be: whole, or with one of signature, size and closing size gone and the others bearing it out. */
function countedRecord(bytes: Buffer, start: number, end: number): FoundRecord | undefined {
  const size = plausibleSize(bytes, start, end);
  const hasMagic = end - start >= 4 && bytes.readUInt32LE(start) === recordMagic;
  if (size !== undefined) {
    const closes = closesWith(bytes, start, size);
    if (hasMagic && closes) return { size, isWhole: true };
    if (closes) return { size, isWhole: false };
    if (hasMagic && (start + size === end || recordSizeAt(bytes, start + size, end) !== undefined))
      return { size, isWhole: false };
  }
  if (!hasMagic) return undefined;
  const next = findRecord(bytes, start + 1, end) ?? end;
  const between = next - start;
  const isClosed = between > recordHeadBytes + 4 && bytes.readUInt32LE(next - 4) === between;
  return isClosed ? { size: between, isWhole: false } : undefined;
}

function nextRecord(bytes: Buffer, start: number, previous: bigint | undefined): FoundRecord | undefined {
  const size = recordSizeAt(bytes, start, bytes.length);
  if (size === undefined || !closesWith(bytes, start, size)) return undefined;
  const isNext = previous === undefined || recordIdAt(bytes, start) === previous + 1n;
  return isNext ? { size, isWhole: true } : undefined;
}

/** The next place where a whole record begins. */
function findRecord(bytes: Buffer, from: number, end: number): number | undefined {
  let start = indexOfMagic(bytes, from, end);
  while (start >= 0) {
    const size = recordSizeAt(bytes, start, end);
    if (size !== undefined && closesWith(bytes, start, size)) return start;
    start = indexOfMagic(bytes, start + 1, end);
  }
  return undefined;
}

function indexOfMagic(bytes: Buffer, from: number, end: number): number {
  return bytes.subarray(0, end).indexOf('**\0\0', from, 'latin1');
}

/** Numbers further apart are not of one sequence. */
const largestStep = 100_000n;

/** A number nothing vouches for moves the sequence only by a step a log could take. */
function advance(sequence: RecordSequence, id: bigint, isVerified: boolean): void {
  const { last } = sequence;
  if (isVerified || (last !== undefined && id > last && id - last < largestStep)) sequence.last = id;
}

function isZero(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes[at] !== 0) return false;
  return true;
}
