import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  HASH_BYTES,
  TILE_WIDTH,
  createFrontier,
  decodeFrontier,
  encodeEntryBundle,
  encodeFrontier,
  formatEntryBundlePath,
  formatTilePath,
  hashLeaf,
  parseTilePath,
} from '@sallyport/merkle-log';
import type { Frontier } from '@sallyport/merkle-log';
import { readFileIfPresent, syncDirectory } from '@sallyport/platform/files';
import { LedgerError } from './errors.ts';
import { leafBytes } from './leaf.ts';

const levelsPerTile = 8;
const maxRecent = 50_000;

/**
 * The Merkle tree of one log and its C2SP tile files. Derived from the blocks' leaves: full tiles are written soon after
 * they fill, without syncing each; `settle` says up to where they are known to be on disk, and a start rebuilds the rest.
 */
export type TreeFiles = {
  size(): number;
  root(): Uint8Array;
  /** Appends whole leaves, `leafBytes` each. In memory only: a full disk cannot leave the tree half appended. */
  append(leaves: Buffer): void;
  /** Writes the tiles and bundles that have filled. Those it cannot write (a full disk) stay for the next call. */
  writeFull(): void;
  /** Writes everything a checkpoint of the present size refers to, partial tiles and bundles included. */
  writeAll(): void;
  /** Full entry bundles with numbers below this are not published any more, and not written. */
  passOver(bundles: number): void;
  /** The hash of a complete subtree inside the tree, from memory or files. */
  hashAt(level: number, index: number): Uint8Array;
  /** Syncs the files written since the last call in the background, then hands the state that is now safe to `save`. */
  settle(save: (state: Uint8Array) => void): Promise<void>;
};

type Edge = { frontier: Frontier; bundle: Buffer[]; tiles: Uint8Array[][] };

/** Opens the tree at a state saved by `settle`, or empty; the caller appends the leaves that follow. */
export function openTreeFiles(directory: string, state: Uint8Array | undefined): TreeFiles {
  const edge: Edge =
    state === undefined ? { frontier: createFrontier(), bundle: [], tiles: [] } : decodeState(Buffer.from(state));
  let unsynced: string[] = [];
  let firstBundle = 0;
  /** Roots of complete subtrees asked for lately. */
  const recent = new Map<number, Uint8Array>();
  /** Full tiles and bundles that are not in their files yet. */
  const waiting = new Map<string, Uint8Array>();
  const made = new Set<string>();

  const write = (path: string, bytes: Uint8Array): void => {
    const full = join(directory, path);
    const folder = dirname(full);
    if (!made.has(folder)) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (made.size > 1000) made.clear();
      made.add(folder);
    }
    writeFileSync(full, bytes, { mode: 0o600 });
  };
  const isPublished = (path: string): boolean => {
    const parsed = parseTilePath(path);
    return parsed.kind === 'hashes' || parsed.index >= firstBundle;
  };
  const writeFull = (): void => {
    for (const [path, bytes] of waiting) {
      write(path, bytes);
      waiting.delete(path);
      unsynced.push(path);
      // The specification lets partial tiles go once the full one is there.
      rmSync(join(directory, `${path}.p`), { recursive: true, force: true });
      made.delete(join(directory, `${path}.p`));
    }
  };

  const visitNode = (level: number, index: number, hash: Uint8Array): void => {
    if (level % levelsPerTile !== 0) return;
    const tileLevel = level / levelsPerTile;
    const tile = (edge.tiles[tileLevel] ??= []);
    tile.push(hash);
    if (tile.length < TILE_WIDTH) return;
    waiting.set(
      formatTilePath({ level: tileLevel, index: Math.floor(index / TILE_WIDTH), width: TILE_WIDTH }),
      Buffer.concat(tile),
    );
    edge.tiles[tileLevel] = [];
  };

  /** The hashes of one tile that exist so far. */
  const tileHashes = (level: number, index: number): Uint8Array => {
    const nodes = Math.floor(edge.frontier.size / 2 ** (levelsPerTile * level));
    if (index === Math.floor(nodes / TILE_WIDTH)) return Buffer.concat(edge.tiles[level] ?? []);
    const path = formatTilePath({ level, index, width: TILE_WIDTH });
    const bytes = waiting.get(path) ?? readFileIfPresent(join(directory, path));
    if (bytes?.length !== TILE_WIDTH * HASH_BYTES)
      throw new LedgerError('ledger_corrupt', `Cannot read tile "${path}": it is missing or cut short`);
    return bytes;
  };

  return {
    size: () => edge.frontier.size,
    root: () => edge.frontier.root(),
    append(leaves) {
      for (let at = 0; at < leaves.length; at += leafBytes) {
        const leaf = leaves.subarray(at, at + leafBytes);
        edge.bundle.push(leaf);
        const index = edge.frontier.append(hashLeaf(leaf), visitNode);
        if (edge.bundle.length < TILE_WIDTH) continue;
        const number = Math.floor(index / TILE_WIDTH);
        if (number >= firstBundle)
          waiting.set(formatEntryBundlePath({ index: number, width: TILE_WIDTH }), encodeEntryBundle(edge.bundle));
        edge.bundle = [];
      }
    },
    passOver(bundles) {
      firstBundle = bundles;
    },
    writeFull,
    writeAll() {
      writeFull();
      const { size } = edge.frontier;
      for (const [level, tile] of edge.tiles.entries()) {
        if (tile.length === 0) continue;
        const index = Math.floor(Math.floor(size / 2 ** (levelsPerTile * level)) / TILE_WIDTH);
        write(formatTilePath({ level, index, width: tile.length }), Buffer.concat(tile));
      }
      if (edge.bundle.length === 0) return;
      write(
        formatEntryBundlePath({ index: Math.floor(size / TILE_WIDTH), width: edge.bundle.length }),
        encodeEntryBundle(edge.bundle),
      );
    },
    hashAt(level, index) {
      // A complete subtree never changes; proofs of neighbours share most of them.
      const key = index * 64 + level;
      const known = recent.get(key);
      if (known !== undefined) return known;
      const tileLevel = Math.floor(level / levelsPerTile);
      const inTile = level - tileLevel * levelsPerTile;
      const first = index * 2 ** inTile;
      const hashes = tileHashes(tileLevel, Math.floor(first / TILE_WIDTH));
      const start = (first % TILE_WIDTH) * HASH_BYTES;
      const frontier = createFrontier();
      for (let at = 0; at < 2 ** inTile; at += 1)
        frontier.append(hashes.subarray(start + at * HASH_BYTES, start + (at + 1) * HASH_BYTES));
      // A copy: the hash of a leaf is a part of its whole tile.
      const root = Uint8Array.from(frontier.root());
      if (recent.size >= maxRecent) recent.clear();
      recent.set(key, root);
      return root;
    },
    async settle(save) {
      // The state counts them as written; the next time they will be.
      if (waiting.size > 0) return;
      const paths = unsynced.filter(isPublished);
      unsynced = [];
      const safe = encodeState(edge);
      try {
        for (const path of paths) {
          await using file = await open(join(directory, path), 'r');
          await file.sync();
        }
        for (const folder of new Set(paths.map((path) => dirname(path)))) syncDirectory(join(directory, folder));
        save(safe);
      } catch (error) {
        // No later state may count them as synced.
        unsynced = [...paths, ...unsynced];
        throw error;
      }
    },
  };
}

// u32 frontier length · frontier · u32 leaves · leaves · per tile level: u32 hashes · hashes
function encodeState(edge: Edge): Buffer {
  const parts: Uint8Array[] = [];
  const put = (count: number, bytes: readonly Uint8Array[]): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(count);
    parts.push(length, ...bytes);
  };
  const frontier = encodeFrontier(edge.frontier.state());
  put(frontier.length, [frontier]);
  put(edge.bundle.length, edge.bundle);
  for (const tile of edge.tiles) put(tile.length, tile);
  return Buffer.concat(parts);
}

function decodeState(bytes: Buffer): Edge {
  let at = 0;
  const take = (itemBytes: number): Buffer[] => {
    const count = bytes.readUInt32BE(at);
    at += 4;
    return Array.from({ length: count }, () => {
      const item = bytes.subarray(at, at + itemBytes);
      at += itemBytes;
      return item;
    });
  };
  const state = decodeFrontier(Buffer.concat(take(1)));
  const bundle = take(leafBytes);
  const tiles: Uint8Array[][] = [];
  while (at < bytes.length) tiles.push(take(HASH_BYTES));
  return { frontier: createFrontier(state.size, state.hashes), bundle, tiles };
}
