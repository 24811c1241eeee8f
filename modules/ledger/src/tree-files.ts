import { join } from 'node:path';
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
import { readFileIfPresent } from '@sallyport/platform/files';
import { LedgerError } from './errors.ts';
import { leafBytes } from './leaf.ts';
import { tileNode, tileNodes } from './tile-nodes.ts';
import { createTileWriter } from './tile-writer.ts';

const levelsPerTile = 8;
const maxRecent = 50_000;
/** Full tiles with all their nodes, 16 KiB each. */
const maxTiles = 512;

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
  /** The same beside what follows; `failed` hears of each that could not be written, and stays. */
  writeFullSoon(failed: (error: unknown) => void): void;
  /** Writes everything a checkpoint of the present size refers to, partial tiles and bundles included. */
  writeAll(): void;
  /** Full entry bundles with numbers below this are not published any more, and not written. */
  passOver(bundles: number): void;
  /** The hash of a complete subtree inside the tree, from memory or files. */
  hashAt(level: number, index: number): Uint8Array;
  /** Syncs the files written since the last call in the background, then hands the state that is now safe to `save`. */
  settle(save: (state: Uint8Array) => void): Promise<void>;
  /** Nothing is written any more. */
  stop(): void;
};

type Edge = { frontier: Frontier; bundle: Buffer[]; tiles: Uint8Array[][] };

/** Opens the tree at a state saved by `settle`, or empty; the caller appends the leaves that follow. */
export function openTreeFiles(directory: string, state: Uint8Array | undefined): TreeFiles {
  const edge: Edge =
    state === undefined ? { frontier: createFrontier(), bundle: [], tiles: [] } : decodeState(Buffer.from(state));
  const files = createTileWriter(directory);
  let firstBundle = 0;
  /** Nodes of full tiles asked for lately. */
  const tiles = new Map<string, Buffer>();
  /** Roots of complete subtrees asked for lately, in tiles that are not full. */
  const recent = new Map<number, Uint8Array>();

  const isPublished = (path: string): boolean => {
    const parsed = parseTilePath(path);
    return parsed.kind === 'hashes' || parsed.index >= firstBundle;
  };

  const visitNode = (level: number, index: number, hash: Uint8Array): void => {
    if (level % levelsPerTile !== 0) return;
    const tileLevel = level / levelsPerTile;
    const tile = (edge.tiles[tileLevel] ??= []);
    tile.push(hash);
    if (tile.length < TILE_WIDTH) return;
    files.add(
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
    const bytes = files.waiting(path) ?? readFileIfPresent(join(directory, path));
    if (bytes?.length !== TILE_WIDTH * HASH_BYTES)
      throw new LedgerError('ledger_corrupt', `Cannot read tile "${path}": it is missing or cut short`);
    return bytes;
  };

  const nodesOf = (level: number, index: number): Buffer => {
    const key = `${level} ${index}`;
    const known = tiles.get(key);
    const nodes = known ?? tileNodes(tileHashes(level, index));
    // Asked for last, it goes last.
    if (known !== undefined) tiles.delete(key);
    tiles.set(key, nodes);
    const [oldest] = tiles.size > maxTiles ? tiles.keys() : [];
    if (oldest !== undefined) tiles.delete(oldest);
    return nodes;
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
          files.add(formatEntryBundlePath({ index: number, width: TILE_WIDTH }), encodeEntryBundle(edge.bundle));
        edge.bundle = [];
      }
    },
    passOver(bundles) {
      firstBundle = bundles;
    },
    writeFull: files.writeNow,
    writeFullSoon: files.writeSoon,
    writeAll() {
      files.writeNow();
      const { size } = edge.frontier;
      for (const [level, tile] of edge.tiles.entries()) {
        if (tile.length === 0) continue;
        const index = Math.floor(Math.floor(size / 2 ** (levelsPerTile * level)) / TILE_WIDTH);
        files.writePartial(formatTilePath({ level, index, width: tile.length }), Buffer.concat(tile));
      }
      if (edge.bundle.length === 0) return;
      files.writePartial(
        formatEntryBundlePath({ index: Math.floor(size / TILE_WIDTH), width: edge.bundle.length }),
        encodeEntryBundle(edge.bundle),
      );
    },
    hashAt(level, index) {
      const tileLevel = Math.floor(level / levelsPerTile);
      const inTile = level - tileLevel * levelsPerTile;
      const first = index * 2 ** inTile;
      const tile = Math.floor(first / TILE_WIDTH);
      if (tile < Math.floor(edge.frontier.size / 2 ** (levelsPerTile * (tileLevel + 1))))
        return tileNode(nodesOf(tileLevel, tile), inTile, (first % TILE_WIDTH) / 2 ** inTile);
      // A complete subtree never changes; proofs of neighbours share most of them.
      const key = index * 64 + level;
      const known = recent.get(key);
      if (known !== undefined) return known;
      const hashes = tileHashes(tileLevel, tile);
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
      if (files.waitingCount() > 0) return;
      const safe = encodeState(edge);
      await files.sync(isPublished);
      save(safe);
    },
    stop: files.stop,
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
