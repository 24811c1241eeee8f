import { HASH_BYTES, TILE_WIDTH, createFrontier, formatTilePath, tileWidth } from '@sallyport/merkle-log';
import { faultRanks } from './log-fault.ts';
import type { PlacedFault } from './log-fault.ts';
import { compareUpper, readWide } from './verify-tiles.ts';
import type { UpperFault } from './verify-jobs.ts';
import { jobEntries } from './verify-jobs.ts';

/** The tiles of level 2 and above, from the roots of the chunks. They are few: one of level 2 stands for 16 million entries. */
export function checkUpperTiles(log: {
  readonly directory: string;
  readonly treeSize: number;
  readonly chunkRoots: readonly (readonly Uint8Array[])[];
}): { readonly mismatches: readonly UpperFault[]; readonly faults: readonly PlacedFault[] } {
  const { directory, treeSize } = log;
  const nodes = new Map<number, Uint8Array[]>();
  const frontier = createFrontier();
  for (const [chunk, roots] of log.chunkRoots.entries()) {
    const [root] = roots;
    if ((chunk + 1) * jobEntries > treeSize || root === undefined) break;
    frontier.append(root, (level, _, hash) => {
      if (level % 8 !== 0) return;
      const tileLevel = 2 + level / 8;
      const list = nodes.get(tileLevel) ?? [];
      list.push(hash);
      nodes.set(tileLevel, list);
    });
  }
  const mismatches: UpperFault[] = [];
  const faults: PlacedFault[] = [];
  for (const [level, hashes] of nodes) {
    for (let index = 0; index * TILE_WIDTH < hashes.length; index += 1) {
      const width = tileWidth({ level, index, treeSize });
      const pathOf = (wide: number): string => formatTilePath({ level, index, width: wide });
      const tile = readWide(directory, width, pathOf);
      const wide = tile?.path === pathOf(width) ? width : TILE_WIDTH;
      if (tile?.bytes.length !== wide * HASH_BYTES) {
        faults.push({
          entry: index * TILE_WIDTH ** (level + 1),
          rank: faultRanks.upperTile + level,
          fault: {
            path: tile?.path ?? pathOf(width),
            offset: Math.min(tile?.bytes.length ?? 0, wide * HASH_BYTES),
            length: 1,
            reason: tile === undefined ? 'The hash tile is missing' : 'The hash tile has not the length its name says',
            expected: `${wide * HASH_BYTES} bytes`,
            found: tile === undefined ? 'no file' : `${tile.bytes.length} bytes`,
          },
        });
        continue;
      }
      const mismatch = compareUpper(tile, { level, index }, hashes.slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH));
      if (mismatch !== undefined) mismatches.push(mismatch);
    }
  }
  return { mismatches, faults };
}
