import { join } from 'node:path';
import { HASH_BYTES, TILE_WIDTH, formatEntryBundlePath, formatTilePath, tileWidth } from '@sallyport/merkle-log';
import { createChunkTree, leafHashesOf } from './chunk-tree.ts';
import type { ChunkTree } from './chunk-tree.ts';
import { byteFault, faultRanks, hexText } from './log-fault.ts';
import type { LogFault, PlacedFault } from './log-fault.ts';
import { readLogFile } from './read-log-file.ts';
import { jobEntries } from './verify-jobs.ts';
import type { TilesResult, UpperFault, VerifyJob, VerifyWork } from './verify-jobs.ts';

type Stored = { readonly path: string; readonly bytes: Buffer };

/** The published side of one chunk of entries: bundles hash to tiles, tiles to the tile above. */
export function verifyTiles(
  { directory, treeSize, chunk }: Extract<VerifyJob, { kind: 'tiles' }>,
  work: (done: VerifyWork) => void,
): TilesResult {
  const faults: PlacedFault[] = [];
  const byEntries = createChunkTree();
  /** The tree as the tiles alone have it, from where they first disagree with the entries. */
  let apart: ChunkTree | undefined;
  let disagreement: TilesResult['disagreement'];
  let tiles = 0;
  let bundles = 0;
  let missingBundles = 0;
  let lastMissing = -1;
  const perChunk = jobEntries / TILE_WIDTH;
  for (let index = chunk * perChunk; index < (chunk + 1) * perChunk; index += 1) {
    const width = tileWidth({ level: 0, index, treeSize });
    if (width === 0) break;
    const first = index * TILE_WIDTH;
    const tile = readWide(directory, width, (wide) => formatTilePath({ level: 0, index, width: wide }));
    const hashes = hashesOf(tile, width);
    if (hashes === undefined)
      faults.push({
        entry: first,
        rank: faultRanks.tile,
        fault: misshapen(tile, formatTilePath({ level: 0, index, width }), width * HASH_BYTES),
      });
    else tiles += 1;
    const bundle = readWide(directory, width, (wide) => formatEntryBundlePath({ index, width: wide }));
    const entries = bundle === undefined ? undefined : entriesOf(bundle.bytes, width);
    if (bundle !== undefined && entries === undefined)
      faults.push({
        entry: first,
        rank: faultRanks.bundle,
        fault: unreadable(bundle, 'The entry bundle does not hold whole entries'),
      });
    if (bundle === undefined) {
      missingBundles += 1;
      lastMissing = index;
    } else bundles += 1;
    const stored = hashes?.subarray(0, width * HASH_BYTES);
    const computed = entries === undefined ? undefined : leafHashesOf(entries.slice(0, width));
    const chosen = computed ?? stored ?? Buffer.alloc(width * HASH_BYTES);
    if (
      disagreement === undefined &&
      computed !== undefined &&
      stored !== undefined &&
      entries !== undefined &&
      tile !== undefined &&
      bundle !== undefined &&
      !stored.equals(computed)
    ) {
      apart = byEntries.copy();
      disagreement = disagreementIn({ first, entries, computed, stored, bundle, tile });
    }
    byEntries.add(chosen);
    apart?.add(stored ?? chosen);
    work({ entries: bundle === undefined ? 0 : width, bytes: (tile?.bytes.length ?? 0) + (bundle?.bytes.length ?? 0) });
  }
  const upperWidth = tileWidth({ level: 1, index: chunk, treeSize });
  const upper = readWide(directory, upperWidth, (wide) => formatTilePath({ level: 1, index: chunk, width: wide }));
  if (upperWidth > 0) {
    tiles += 1;
    if (hashesOf(upper, upperWidth) === undefined)
      faults.push({
        entry: chunk * jobEntries,
        rank: faultRanks.upperTile,
        fault: misshapen(upper, formatTilePath({ level: 1, index: chunk, width: upperWidth }), upperWidth * HASH_BYTES),
      });
  }
  return {
    kind: 'tiles',
    chunk,
    tiles,
    bundles,
    missingBundles,
    lastMissing,
    byEntries: byEntries.hashes().map(hexText),
    byTiles: apart?.hashes().map(hexText),
    disagreement,
    upperByEntries: compareUpper(upper, { level: 1, index: chunk }, byEntries.tileRoots),
    upperByTiles: compareUpper(upper, { level: 1, index: chunk }, (apart ?? byEntries).tileRoots),
    faults,
  };
}

/** Where the entries of a bundle and the hashes of its tile first part. */
function disagreementIn(found: {
  readonly first: number;
  readonly entries: readonly { readonly offset: number; readonly bytes: Buffer }[];
  readonly computed: Buffer;
  readonly stored: Buffer;
  readonly bundle: Stored;
  readonly tile: Stored;
}): TilesResult['disagreement'] {
  const { first, entries, bundle, tile } = found;
  const hashAt = (hashes: Buffer, at: number): Buffer => hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
  const at = entries.findIndex((_, order) => !hashAt(found.stored, order).equals(hashAt(found.computed, order)));
  const entry = entries[at];
  if (entry === undefined) return undefined;
  const stored = hashAt(found.stored, at);
  const computed = hashAt(found.computed, at);
  return {
    bundle: {
      entry: first + at,
      rank: faultRanks.bundle,
      fault: {
        path: bundle.path,
        offset: entry.offset,
        length: 2 + entry.bytes.length,
        reason: `Entry ${first + at} is not the one that the tree commits to`,
        expected: `leaf hash ${hexText(stored)}`,
        found: `leaf hash ${hexText(computed)}`,
      },
    },
    tile: {
      entry: first + at,
      rank: faultRanks.tile,
      fault: byteFault(
        {
          path: tile.path,
          offset: at * HASH_BYTES,
          reason: `The hash of entry ${first + at} is not the one that the tree commits to`,
        },
        computed,
        stored,
      ),
    },
  };
}

/** The first hash of an upper tile that is not that of the tile below it. */
export function compareUpper(
  stored: Stored | undefined,
  { level, index }: { readonly level: number; readonly index: number },
  computed: readonly Uint8Array[],
): UpperFault | undefined {
  const hashes = stored === undefined ? undefined : hashesOf(stored, computed.length);
  if (stored === undefined || hashes === undefined) return undefined;
  const at = computed.findIndex(
    (hash, place) => !hashes.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES).equals(hash),
  );
  const wanted = computed[at];
  if (wanted === undefined) return undefined;
  const there = hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
  const below = formatTilePath({ level: level - 1, index: index * TILE_WIDTH + at, width: TILE_WIDTH });
  const entry = (index * TILE_WIDTH + at) * TILE_WIDTH ** level;
  return {
    stored: {
      entry,
      rank: faultRanks.upperTile + level,
      fault: byteFault(
        { path: stored.path, offset: at * HASH_BYTES, reason: `The hash is not that of ${below}` },
        wanted,
        there,
      ),
    },
    below: {
      entry,
      rank: faultRanks.tile,
      fault: {
        path: below,
        offset: 0,
        length: TILE_WIDTH * HASH_BYTES,
        reason: `The tile does not hash to what ${stored.path} says`,
        expected: hexText(there),
        found: hexText(wanted),
      },
    },
  };
}

/** The partial file, or the full one, which a log may keep instead. */
export function readWide(directory: string, width: number, pathOf: (width: number) => string): Stored | undefined {
  if (width === 0) return undefined;
  for (const wide of width === TILE_WIDTH ? [TILE_WIDTH] : [width, TILE_WIDTH]) {
    const path = pathOf(wide);
    const bytes = readLogFile(join(directory, path));
    if (bytes !== undefined) return { path, bytes };
  }
  return undefined;
}

/** Undefined for a tile that is missing or has not as many hashes as its name says. */
function hashesOf(tile: Stored | undefined, width: number): Buffer | undefined {
  if (tile === undefined) return undefined;
  const named = /\.p\/(\d+)$/.exec(tile.path)?.[1];
  const wide = named === undefined ? TILE_WIDTH : Number(named);
  return tile.bytes.length === wide * HASH_BYTES && wide >= width ? tile.bytes : undefined;
}

/** Entries with a big-endian length before each; undefined when they do not come out even. */
export function entriesOf(
  bundle: Buffer,
  width: number,
): { readonly offset: number; readonly bytes: Buffer }[] | undefined {
  const entries: { offset: number; bytes: Buffer }[] = [];
  let offset = 0;
  while (offset + 2 <= bundle.length && entries.length < TILE_WIDTH) {
    const end = offset + 2 + bundle.readUInt16BE(offset);
    if (end > bundle.length) return undefined;
    entries.push({ offset, bytes: bundle.subarray(offset + 2, end) });
    offset = end;
  }
  return offset === bundle.length && entries.length >= width ? entries : undefined;
}

function misshapen(tile: Stored | undefined, path: string, bytes: number): LogFault {
  return {
    path: tile?.path ?? path,
    offset: Math.min(tile?.bytes.length ?? 0, bytes),
    length: 1,
    reason: tile === undefined ? 'The hash tile is missing' : 'The hash tile has not the length its name says',
    expected: `${bytes} bytes`,
    found: tile === undefined ? 'no file' : `${tile.bytes.length} bytes`,
  };
}

function unreadable(file: Stored, reason: string): LogFault {
  return {
    path: file.path,
    offset: 0,
    length: Math.max(1, file.bytes.length),
    reason,
    expected: 'entries with their lengths',
    found: `${file.bytes.length} bytes that do not come out even`,
  };
}
