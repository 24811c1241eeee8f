// c2sp.org/tlog-tiles, "Log entries": entries with a big-endian uint16 length before each.
import { MerkleLogError } from './errors.ts';
import { TILE_WIDTH } from './tiles.ts';

export const MAX_ENTRY_BYTES = 0xffff;
export const MAX_ENTRY_BUNDLE_BYTES = TILE_WIDTH * (2 + MAX_ENTRY_BYTES);

/** @throws MerkleLogError `invalid_entry_bundle` unless there are 1 to 256 entries of at most 65535 bytes */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  requireEntryCount(entries.length);
  const parts = entries.flatMap((entry, at) => {
    if (entry.length > MAX_ENTRY_BYTES) {
      throw new MerkleLogError(
        'invalid_entry_bundle',
        `Cannot encode entry ${at}: size is ${entry.length} bytes, must be at most ${MAX_ENTRY_BYTES}`,
      );
    }
    return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry];
  });
  return Buffer.concat(parts);
}

/** An entry and the offset of its length prefix; `bytes` is a view into the bundle. */
export type BundledEntry = { readonly offset: number; readonly bytes: Uint8Array };

/** Accepts exactly `width` entries and nothing after them. @throws MerkleLogError `invalid_entry_bundle` */
export function decodeEntryBundle(bundle: Uint8Array, width: number): Uint8Array[] {
  return locateEntries(bundle, width).map(({ bytes }) => bytes);
}

export function locateEntries(bundle: Uint8Array, width: number): BundledEntry[] {
  requireEntryCount(width);
  const entries: BundledEntry[] = [];
  let offset = 0;
  while (entries.length < width) {
    const [high, low] = bundle.subarray(offset, offset + 2);
    if (high === undefined || low === undefined) {
      throw invalidBundle(`it ends after ${entries.length} entries, must have ${width}`, offset);
    }
    const start = offset + 2;
    const end = start + high * 256 + low;
    if (end > bundle.length) throw invalidBundle(`entry ${entries.length} is longer than the bundle`, offset);
    entries.push({ offset, bytes: bundle.subarray(start, end) });
    offset = end;
  }
  if (offset !== bundle.length) throw invalidBundle(`it must end after ${width} entries`, offset);
  return entries;
}

function requireEntryCount(count: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= TILE_WIDTH) return;
  throw invalidBundle(`it has ${count} entries, must be 1 to ${TILE_WIDTH}`, 0);
}

function invalidBundle(why: string, offset: number): MerkleLogError {
  return new MerkleLogError('invalid_entry_bundle', `Cannot use the entry bundle: ${why}`, { offset });
}
