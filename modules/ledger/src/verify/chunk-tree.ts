import { hash } from 'node:crypto';
import { HASH_BYTES, TILE_WIDTH, createFrontier } from '@sallyport/merkle-log';
import type { Frontier } from '@sallyport/merkle-log';
import { tileNodes, tileRoot } from '../tile-nodes.ts';

/** The tree over the entries of one chunk, tile by tile: whole tiles are hashed in one piece. */
export type ChunkTree = {
  /** The hashes of the next entries: of a full tile, or fewer at the end of the log. */
  add(leafHashes: Buffer): void;
  /** The root of each full tile so far. */
  readonly tileRoots: readonly Uint8Array[];
  /** Roots of the complete subtrees, from left to right. */
  hashes(): readonly Uint8Array[];
  /** As it stands: what is added to one is not in the other. */
  copy(): ChunkTree;
};

export function createChunkTree(before: readonly Uint8Array[] = []): ChunkTree {
  const tileRoots: Uint8Array[] = [];
  const whole: Frontier = createFrontier();
  for (const root of before) {
    whole.append(root);
    tileRoots.push(root);
  }
  let rest: Frontier | undefined;
  return {
    add(leafHashes) {
      if (leafHashes.length === TILE_WIDTH * HASH_BYTES) {
        const root = Buffer.from(tileRoot(tileNodes(leafHashes)));
        whole.append(root);
        tileRoots.push(root);
        return;
      }
      rest = createFrontier();
      for (let at = 0; at < leafHashes.length; at += HASH_BYTES) rest.append(leafHashes.subarray(at, at + HASH_BYTES));
    },
    tileRoots,
    hashes: () => [...whole.state().hashes, ...(rest?.state().hashes ?? [])],
    copy: () => createChunkTree(tileRoots),
  };
}

/** The leaf hashes of entries, one after the other. */
export function leafHashesOf(entries: readonly { readonly bytes: Buffer }[]): Buffer {
  const hashes = Buffer.allocUnsafe(entries.length * HASH_BYTES);
  let input = Buffer.alloc(1);
  let at = 0;
  for (const { bytes } of entries) {
    // Entries of one log nearly always have one length.
    if (input.length !== 1 + bytes.length) input = Buffer.alloc(1 + bytes.length);
    bytes.copy(input, 1);
    hashes.write(hash('sha256', input, 'binary'), at, HASH_BYTES, 'latin1');
    at += HASH_BYTES;
  }
  return hashes;
}
