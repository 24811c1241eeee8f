import { LedgerError } from './errors.ts';

// u8 version · u8 kind · u48 time · u32 number · 16 bytes name · 16 bytes block id · 32 bytes hash. Big endian.
export const leafBytes = 76;
export const idBytes = 16;
export const leafVersion = 1;
export const leafKinds = { event: 1, block: 2 } as const;

/**
 * What the Merkle tree commits to. Never personal: no name, no content, a time rounded to the second.
 * `event` commits to one event's salt and body; `block`, the last leaf of each block, to the block's ciphertext.
 */
export type Leaf =
  | {
      readonly kind: 'event';
      readonly receivedAtMs: number;
      readonly classUid: number;
      /** Keyed hash of the collector's name. */
      readonly collectorId: Uint8Array;
      readonly blockId: Uint8Array;
      /** SHA-256(salt ‖ body). */
      readonly hash: Uint8Array;
    }
  | {
      readonly kind: 'block';
      readonly receivedAtMs: number;
      readonly eventCount: number;
      readonly blockId: Uint8Array;
      /** SHA-256 of the block's ciphertext. */
      readonly hash: Uint8Array;
    };

/** Writes a leaf at `offset`; the caller gives a buffer with `leafBytes` free. */
export function writeLeaf(leaf: Leaf, into: Buffer, offset: number): void {
  into.writeUInt8(leafVersion, offset);
  into.writeUInt8(leafKinds[leaf.kind], offset + 1);
  into.writeUIntBE(leaf.receivedAtMs, offset + 2, 6);
  into.writeUInt32BE(leaf.kind === 'event' ? leaf.classUid : leaf.eventCount, offset + 8);
  if (leaf.kind === 'event') into.set(leaf.collectorId, offset + 12);
  else into.fill(0, offset + 12, offset + 28);
  into.set(leaf.blockId, offset + 28);
  into.set(leaf.hash, offset + 44);
}

export function encodeLeaf(leaf: Leaf): Buffer {
  const bytes = Buffer.alloc(leafBytes);
  writeLeaf(leaf, bytes, 0);
  return bytes;
}

/** Reads a leaf. Throws `evidence_invalid` unless the bytes are exactly what `encodeLeaf` writes. */
export function decodeLeaf(bytes: Uint8Array): Leaf {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length !== leafBytes) throw invalid(`size is ${view.length} bytes, must be ${leafBytes}`);
  if (view.readUInt8(0) !== leafVersion) throw invalid(`version is ${view.readUInt8(0)}, must be ${leafVersion}`);
  const receivedAtMs = view.readUIntBE(2, 6);
  const number = view.readUInt32BE(8);
  const blockId = view.subarray(28, 44);
  const hash = view.subarray(44, leafBytes);
  switch (view.readUInt8(1)) {
    case leafKinds.event:
      return { kind: 'event', receivedAtMs, classUid: number, collectorId: view.subarray(12, 28), blockId, hash };
    case leafKinds.block:
      if (view.subarray(12, 28).some((byte) => byte !== 0)) throw invalid('a block leaf names a collector');
      return { kind: 'block', receivedAtMs, eventCount: number, blockId, hash };
    default:
      throw invalid(`kind is ${view.readUInt8(1)}, must be 1 or 2`);
  }
}

function invalid(reason: string): LedgerError {
  return new LedgerError('evidence_invalid', `Cannot read leaf: ${reason}`);
}
