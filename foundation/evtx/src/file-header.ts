import type { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';

const fileMagic = 'ElfFile\0';
export const fileHeaderBytes = 4_096;

/** What the file says of itself; true only as far as `isVerified` and the machine it comes from are. */
export type EvtxFile = {
  readonly kind: 'file';
  /** `3.1`, since Windows 10 2004 `3.2`. */
  readonly version: string;
  /** The log was not closed: chunks and records may be more than counted. */
  readonly isDirty: boolean;
  readonly isFull: boolean;
  /** Modulo 65,536, as the field has 16 bits. */
  readonly chunkCount: number;
  /** Number of the chunk that is the oldest: a full log goes on at its beginning, and records come in the order of the file. */
  readonly oldestChunk: string;
  readonly nextRecordId: string;
  readonly isVerified: boolean;
};

export function isFileHeader(bytes: Buffer): boolean {
  return bytes.length >= 8 && bytes.toString('latin1', 0, 8) === fileMagic;
}

/** `bytes` has at least the first 128. */
export function readFileHeader(bytes: Buffer): EvtxFile {
  const flags = bytes.readUInt32LE(120);
  return {
    kind: 'file',
    version: `${bytes.readUInt16LE(38)}.${bytes.readUInt16LE(36)}`,
    isDirty: (flags & 1) !== 0,
    isFull: (flags & 2) !== 0,
    chunkCount: bytes.readUInt16LE(42),
    oldestChunk: String(bytes.readBigUInt64LE(8)),
    nextRecordId: String(bytes.readBigUInt64LE(24)),
    isVerified: crc32(bytes.subarray(0, 120)) === bytes.readUInt32LE(124),
  };
}
