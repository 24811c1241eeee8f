// The hash tiles above level 0 while a log is walked: what they should hold is collected until a tile is complete.
import { HASH_BYTES, equalBytes } from './hashing.ts';
import { fault, readHashTile } from './tile-log-files.ts';
import type { ReadLogFile, TileLogFault } from './tile-log-files.ts';
import { TILE_WIDTH, formatTilePath } from './tiles.ts';

/** The stored hash that is not the computed one, and the tile below, from which it was computed. */
export type UpperMismatch = { readonly stored: TileLogFault; readonly below: TileLogFault };

export type UpperTiles = {
  /** The hash at position `at` of the level, computed from the level below; they come in order. */
  add(level: number, at: number, hash: Uint8Array): void;
  /** Compares the tiles whose 256 hashes are known. A missing or misshapen tile is a fault at once. */
  checkFull(): Promise<TileLogFault | undefined>;
  /** At the end of the walk: compares the partial tiles at the right edge. */
  checkRest(): Promise<TileLogFault | undefined>;
  /** The mismatch at the lowest level, the first one there. */
  result(): { readonly tiles: number; readonly mismatch: UpperMismatch | undefined };
};

export function createUpperTiles({ read }: { read: ReadLogFile }): UpperTiles {
  const levels = new Map<number, { index: number; hashes: Uint8Array[] }>();
  let tiles = 0;
  let lowest: { level: number; mismatch: UpperMismatch } | undefined;

  async function check(
    level: number,
    index: number,
    computed: readonly Uint8Array[],
  ): Promise<TileLogFault | undefined> {
    const tile = await readHashTile(read, { level, index, width: computed.length });
    if (!tile.ok) return tile;
    tiles += 1;
    const at = computed.findIndex((hash, position) => !equalBytes(hash, tile.content[position] ?? new Uint8Array()));
    const wanted = computed[at];
    const stored = tile.content[at];
    if (wanted === undefined || stored === undefined) return undefined;
    if (lowest !== undefined && lowest.level <= level) return undefined;
    const different = wanted.findIndex((byte, position) => byte !== stored[position]);
    const below = formatTilePath({ level: level - 1, index: index * TILE_WIDTH + at, width: TILE_WIDTH });
    lowest = {
      level,
      mismatch: {
        stored: fault(tile.path, at * HASH_BYTES + different, 'The hash is not that of the tile below it'),
        below: fault(below, 0, `The tile does not hash to what ${tile.path} says`),
      },
    };
    return undefined;
  }

  async function checkLevels(least: number): Promise<TileLogFault | undefined> {
    for (const [level, { index, hashes }] of levels) {
      if (hashes.length < least) continue;
      const found = await check(level, index, hashes);
      if (found !== undefined) return found;
      levels.delete(level);
    }
    return undefined;
  }

  return {
    add(level, at, hash) {
      const tile = levels.get(level);
      if (tile === undefined) levels.set(level, { index: Math.floor(at / TILE_WIDTH), hashes: [hash] });
      else tile.hashes.push(hash);
    },
    checkFull: () => checkLevels(TILE_WIDTH),
    checkRest: () => checkLevels(1),
    result: () => ({ tiles, mismatch: lowest?.mismatch }),
  };
}
