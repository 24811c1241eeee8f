import { HASH_BYTES, TILE_WIDTH, formatEntryBundlePath, formatTilePath, tileWidth } from '@sallyport/merkle-log';
import { leafBytes } from '../leaf.ts';
import { entriesOf, readWide } from './verify-tiles.ts';

type Part = { readonly path: string; readonly offset: number; readonly bytes: Buffer };

/** What bundles and tiles say of entries; one file of each is held. */
export type PublishedEntries = {
  /** Undefined where they are missing or misshapen. */
  at(index: number): { readonly bundle: Part | undefined; readonly tile: Part | undefined };
  /** The entries from one on to the end of its bundle, without their lengths; undefined unless all have that of a leaf. */
  leavesFrom(index: number): Buffer | undefined;
};

type HeldBundle = { readonly path: string; readonly bytes: Buffer; readonly leaves: Buffer | undefined };

export function createPublishedEntries(directory: string, treeSize: number): PublishedEntries {
  let held = -1;
  let bundle: HeldBundle | undefined;
  let entries: ReturnType<typeof entriesOf>;
  let tile: { path: string; bytes: Buffer } | undefined;
  /** Looked into only where a bundle does not say it all. */
  let isTileRead = false;

  const hold = (number: number): void => {
    if (number === held) return;
    held = number;
    isTileRead = false;
    entries = undefined;
    const width = tileWidth({ level: 0, index: number, treeSize });
    const found = readWide(directory, width, (wide) => formatEntryBundlePath({ index: number, width: wide }));
    bundle = found === undefined ? undefined : { ...found, leaves: leavesIn(found.bytes, width) };
  };

  return {
    at(index) {
      const at = index % TILE_WIDTH;
      const number = (index - at) / TILE_WIDTH;
      hold(number);
      const width = tileWidth({ level: 0, index: number, treeSize });
      if (!isTileRead) {
        isTileRead = true;
        entries = bundle === undefined ? undefined : entriesOf(bundle.bytes, width);
        tile = readWide(directory, width, (wide) => formatTilePath({ level: 0, index: number, width: wide }));
      }
      const entry = entries?.[at];
      const hashAt = at * HASH_BYTES;
      return {
        bundle:
          bundle === undefined || entry === undefined
            ? undefined
            : { path: bundle.path, offset: entry.offset + 2, bytes: entry.bytes },
        tile:
          tile === undefined || tile.bytes.length < hashAt + HASH_BYTES
            ? undefined
            : { path: tile.path, offset: hashAt, bytes: tile.bytes.subarray(hashAt, hashAt + HASH_BYTES) },
      };
    },
    leavesFrom(index) {
      const at = index % TILE_WIDTH;
      hold((index - at) / TILE_WIDTH);
      const leaves = bundle?.leaves;
      return leaves === undefined || at * leafBytes >= leaves.length ? undefined : leaves.subarray(at * leafBytes);
    },
  };
}

/** The entries of a bundle that holds leaves and nothing else, at least as many as it must. */
function leavesIn(bundle: Buffer, width: number): Buffer | undefined {
  const count = bundle.length / (2 + leafBytes);
  if (!Number.isInteger(count) || count < width || count > TILE_WIDTH) return undefined;
  const leaves = Buffer.allocUnsafe(count * leafBytes);
  for (let at = 0; at < count; at += 1) {
    const offset = at * (2 + leafBytes);
    if (bundle.readUInt16BE(offset) !== leafBytes) return undefined;
    bundle.copy(leaves, at * leafBytes, offset + 2, offset + 2 + leafBytes);
  }
  return leaves;
}
