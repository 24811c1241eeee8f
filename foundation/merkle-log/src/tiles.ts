// c2sp.org/tlog-tiles: where the hashes and entries of a log are among its files.
import { MerkleLogError } from './errors.ts';
import { HASH_BYTES } from './hashing.ts';
import { proofRanges } from './subtree-proof.ts';
import { completeSubtrees, isSubtree, requireLeafIndex, requireTreeSize } from './tree-shape.ts';
import type { TreeNode } from './tree-shape.ts';

export const TILE_WIDTH = 256;
/** Levels of the tree that one tile spans. */
export const TILE_HEIGHT = 8;
const MAX_TILE_LEVEL = 63;

/** `width` hashes, from 1 to 256, starting at the tree node (8 · level, 256 · index). */
export type TileCoordinates = { readonly level: number; readonly index: number; readonly width: number };
export type EntryBundleCoordinates = { readonly index: number; readonly width: number };
export type TilePath =
  | { readonly kind: 'hashes'; readonly level: number; readonly index: number; readonly width: number }
  | { readonly kind: 'entries'; readonly index: number; readonly width: number };

/** `tile/<L>/<N>[.p/<W>]`. @throws MerkleLogError `out_of_range` */
export function formatTilePath({ level, index, width }: TileCoordinates): string {
  requireInteger('tile level', level, 0, MAX_TILE_LEVEL);
  return `tile/${level}/${formatIndexAndWidth(index, width)}`;
}

/** `tile/entries/<N>[.p/<W>]`. @throws MerkleLogError `out_of_range` */
export function formatEntryBundlePath({ index, width }: EntryBundleCoordinates): string {
  return `tile/entries/${formatIndexAndWidth(index, width)}`;
}

function formatIndexAndWidth(index: number, width: number): string {
  requireInteger('tile index', index, 0, Number.MAX_SAFE_INTEGER);
  requireInteger('tile width', width, 1, TILE_WIDTH);
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').replaceAll(/\d{3}(?=\d)/g, 'x$&/');
  return width === TILE_WIDTH ? groups : `${groups}.p/${width}`;
}

const TILE_PATH =
  /^tile\/(?<level>entries|0|[1-9]\d?)\/(?<index>(?:x\d{3}\/){0,5}\d{3})(?:\.p\/(?<width>[1-9]\d{0,2}))?$/;

/** Accepts only the one spelling that the format functions give. @throws MerkleLogError `invalid_tile_path` */
export function parseTilePath(path: string): TilePath {
  const { level, index: groups, width: partial } = TILE_PATH.exec(path)?.groups ?? {};
  if (level === undefined || groups === undefined) throw invalidTilePath(path);
  const index = Number(groups.replaceAll(/[x/]/g, ''));
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  if (groups.startsWith('x000') || !Number.isSafeInteger(index)) throw invalidTilePath(path);
  if (partial !== undefined && width >= TILE_WIDTH) throw invalidTilePath(path);
  if (level === 'entries') return { kind: 'entries', index, width };
  if (Number(level) > MAX_TILE_LEVEL) throw invalidTilePath(path);
  return { kind: 'hashes', level: Number(level), index, width };
}

/** How many hashes the tile has in a tree of this size: 256, fewer at the right edge, 0 when there is no such tile. */
export function tileWidth({ level, index, treeSize }: { level: number; index: number; treeSize: number }): number {
  const hashes = Math.floor(treeSize / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/** Every hash tile of a tree of this size, level by level, left to right. @throws MerkleLogError `out_of_range` */
export function* tilesOfTree(treeSize: number): Generator<TileCoordinates, void, undefined> {
  requireTreeSize(treeSize);
  for (let level = 0; tileWidth({ level, index: 0, treeSize }) > 0; level += 1) {
    for (let index = 0; ; index += 1) {
      const width = tileWidth({ level, index, treeSize });
      if (width === 0) break;
      yield { level, index, width };
    }
  }
}

/** The hashes in a tile; a full tile is accepted for a partial one. @throws MerkleLogError `invalid_hash_tile` */
export function parseHashTile(bytes: Uint8Array, width: number): Uint8Array[] {
  return hashesInTile(bytes, { width, first: 0, count: width });
}

/** The hashes from `first` on, as views. @throws MerkleLogError `invalid_hash_tile` */
export function hashesInTile(
  bytes: Uint8Array,
  { width, first, count }: { width: number; first: number; count: number },
): Uint8Array[] {
  requireInteger('tile width', width, 1, TILE_WIDTH);
  if (bytes.length !== width * HASH_BYTES && bytes.length !== TILE_WIDTH * HASH_BYTES) {
    throw new MerkleLogError(
      'invalid_hash_tile',
      `Cannot read a hash tile of ${bytes.length} bytes, must be ${width * HASH_BYTES} for ${width} hashes`,
      { offset: Math.min(bytes.length, width * HASH_BYTES) },
    );
  }
  return Array.from({ length: count }, (_, at) =>
    bytes.subarray((first + at) * HASH_BYTES, (first + at + 1) * HASH_BYTES),
  );
}

/** Where in which tile the hashes below a node start, and how many they are (a power of two up to 128). */
export function tileOfNode(node: TreeNode): { level: number; index: number; first: number; count: number } {
  const level = Math.floor(node.level / TILE_HEIGHT);
  const count = 2 ** (node.level % TILE_HEIGHT);
  const firstHash = node.index * count;
  return { level, index: Math.floor(firstHash / TILE_WIDTH), first: firstHash % TILE_WIDTH, count };
}

/** The tiles that hold these nodes in a tree of this size, each once. */
function tilesOfNodes(nodes: readonly TreeNode[], treeSize: number): TileCoordinates[] {
  const tiles = new Map<string, TileCoordinates>();
  for (const node of nodes) {
    const { level, index } = tileOfNode(node);
    tiles.set(`${level}/${index}`, { level, index, width: tileWidth({ level, index, treeSize }) });
  }
  return [...tiles.values()];
}

/** The tiles that hold the leaf's hash and its inclusion proof. @throws MerkleLogError `out_of_range` */
export function tilesForInclusion({ index, treeSize }: { index: number; treeSize: number }): TileCoordinates[] {
  requireLeafIndex(index, treeSize);
  return tilesOfNodes([{ level: 0, index }, ...proofNodes({ start: index, end: index + 1 }, treeSize)], treeSize);
}

/** The tiles that hold the old root and the consistency proof. @throws MerkleLogError `out_of_range` */
export function tilesForConsistency(sizes: { oldSize: number; newSize: number }): TileCoordinates[] {
  const { oldSize, newSize } = sizes;
  requireTreeSize(newSize);
  if (!isSubtree(0, oldSize) || oldSize === 0 || oldSize > newSize) {
    throw new MerkleLogError('out_of_range', `Cannot use old size ${oldSize}, must be from 1 to the size ${newSize}`);
  }
  const nodes = [...completeSubtrees(0, oldSize), ...proofNodes({ start: 0, end: oldSize }, newSize)];
  return tilesOfNodes(nodes, newSize);
}

function proofNodes(subtree: { start: number; end: number }, treeSize: number): TreeNode[] {
  return proofRanges(subtree, treeSize).flatMap(({ start, end }) => completeSubtrees(start, end));
}

function requireInteger(what: string, value: number, lowest: number, highest: number): void {
  if (Number.isSafeInteger(value) && value >= lowest && value <= highest) return;
  throw new MerkleLogError('out_of_range', `Cannot use ${what} ${value}, must be from ${lowest} to ${highest}`);
}

function invalidTilePath(path: string): MerkleLogError {
  const shown = path.length > 80 ? `${path.slice(0, 80)}…` : path;
  return new MerkleLogError(
    'invalid_tile_path',
    `Cannot read the tile path "${shown}", must be "tile/<L>/<N>[.p/<W>]"`,
  );
}
