import { Buffer } from 'node:buffer';
import {
  chunkBytes,
  chunkHeaderBytes,
  chunkMagic,
  isChunkHeaderVerified,
  readChunk,
  readChunkHeader,
} from './chunk.ts';
import type { RecordSequence } from './chunk.ts';
import type { Damage, DamageCode } from './damage.ts';
import { recordMagic } from './event-record.ts';
import type { EvtxOptions, EvtxRecord } from './event-record.ts';
import { fileHeaderBytes, isFileHeader, readFileHeader } from './file-header.ts';
import type { EvtxFile } from './file-header.ts';

export type EvtxItem = EvtxFile | EvtxRecord | Damage;

/** Takes the bytes of a log as they come. Holds one chunk, whatever the size of the pieces and of the log. */
export type EvtxReader = {
  /** Gives what these bytes complete. Must be read to its end before the next call. */
  push(piece: Uint8Array): Generator<EvtxItem>;
  /** Gives what the last bytes hold. */
  end(): Generator<EvtxItem>;
};

/**
 * Reads a Windows event log, a piece of one, or anything that has chunks of one in it: where no chunk begins, the next is looked
 * for. Every fault is an item with a code; nothing in the input makes it throw, and time grows with its size alone.
 */
export function createEvtxReader(options: EvtxOptions = {}): EvtxReader {
  const block = Buffer.alloc(chunkBytes);
  const sequence: RecordSequence = { last: undefined };
  let filled = 0;
  let offset = 0;
  let file: EvtxFile | undefined;
  let isStarted = false;
  let isLost = false;
  let chunks = 0;

  const damage = (code: DamageCode, why: string): Damage => ({ kind: 'damaged', code, offset, why });

  function drop(size: number): void {
    block.copyWithin(0, size, filled);
    filled -= size;
    offset += size;
  }

  function* readHeader(): Generator<EvtxItem> {
    isStarted = true;
    if (!isFileHeader(block.subarray(0, filled))) {
      yield damage('file_header_magic', 'The file does not begin with the signature of an event log');
      isLost = true;
      return;
    }
    if (filled < fileHeaderBytes) {
      yield damage('file_truncated', `The file header has ${filled} bytes, must be ${fileHeaderBytes}`);
      if (filled < 128) {
        drop(filled);
        return;
      }
    }
    file = readFileHeader(block);
    yield file;
    if (!file.isVerified) yield damage('file_header_checksum', 'The file header does not have its checksum');
    drop(Math.min(filled, fileHeaderBytes));
  }

  function* readBlock(): Generator<EvtxItem> {
    const bytes = block.subarray(0, filled);
    if (isChunk(bytes)) {
      isLost = false;
      chunks += 1;
      const end = chunkEnd(bytes);
      yield* readChunk(bytes.subarray(0, end), offset, sequence, options);
      drop(end);
      return;
    }
    if (bytes.every((byte) => byte === 0)) {
      drop(filled);
      return;
    }
    if (!isLost) yield damage('chunk_magic', 'No chunk begins here');
    isLost = true;
    const next = bytes.indexOf(chunkMagic, 1, 'latin1');
    drop(next > 0 ? next : Math.max(1, filled - chunkMagic.length));
  }

  return {
    *push(piece) {
      let taken = 0;
      while (taken < piece.length) {
        const size = Math.min(piece.length - taken, chunkBytes - filled);
        block.set(piece.subarray(taken, taken + size), filled);
        filled += size;
        taken += size;
        if (!isStarted && filled >= fileHeaderBytes) yield* readHeader();
        while (filled === chunkBytes) yield* readBlock();
      }
    },
    *end() {
      if (!isStarted) yield* readHeader();
      while (filled > 0) yield* readBlock();
      if (file !== undefined && file.isVerified && !file.isDirty && chunks < file.chunkCount)
        yield damage('chunks_missing', `The file has ${chunks} chunks, must be ${file.chunkCount}`);
    },
  };
}

/** The signature, or without it what else only a chunk has. */
function isChunk(bytes: Buffer): boolean {
  if (bytes.length >= 8 && bytes.toString('latin1', 0, 8) === chunkMagic) return true;
  return bytes.length >= 516 && bytes.readUInt32LE(40) === 128 && bytes.readUInt32LE(512) === recordMagic;
}

/** Where the chunk ends: before its 64 KiB where bytes are lost and another whole header begins inside it, behind what its checksums cover. */
function chunkEnd(bytes: Buffer): number {
  const { isVerified, countedEnd } = readChunkHeader(bytes);
  let next = bytes.indexOf(chunkMagic, isVerified ? countedEnd : chunkHeaderBytes, 'latin1');
  while (next > 0) {
    if (isChunkHeaderVerified(bytes.subarray(next))) return next;
    next = bytes.indexOf(chunkMagic, next + chunkMagic.length, 'latin1');
  }
  return bytes.length;
}

/** Reads a log that arrives in pieces. Records come in the order of the file. */
export async function* readEvtx(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: EvtxOptions = {},
): AsyncGenerator<EvtxItem> {
  const reader = createEvtxReader(options);
  for await (const piece of source) yield* reader.push(piece);
  yield* reader.end();
}
