// Proofs from hash tiles, c2sp.org/tlog-tiles.
import { verifyConsistency, proveConsistency } from './consistency.ts';
import { MerkleLogError } from './errors.ts';
import { hashChildren } from './hashing.ts';
import { proveInclusion, verifyInclusion } from './inclusion.ts';
import type { Verification } from './subtree-proof.ts';
import { hashesInTile, tileOfNode, tileWidth, tilesForConsistency, tilesForInclusion } from './tiles.ts';
import type { TileCoordinates } from './tiles.ts';
import { requireTreeSize, rootOfTree } from './tree-shape.ts';
import type { HashAt } from './tree-shape.ts';

/**
 * Reads tree hashes out of stored tiles, synchronously. `tileAt` gives the bytes of the tile with the width it has in
 * a tree of this size (a full tile is accepted too). Nothing is cached and nothing is checked against a root.
 */
export function createTileHashAt(needs: {
  treeSize: number;
  tileAt: (level: number, index: number, width: number) => Uint8Array;
}): HashAt {
  const { treeSize, tileAt } = needs;
  requireTreeSize(treeSize);
  return (level, index) => {
    const tile = tileOfNode({ level, index });
    const width = tileWidth({ level: tile.level, index: tile.index, treeSize });
    if (tile.first + tile.count > width) {
      throw new MerkleLogError('out_of_range', `Cannot read node ${index} of level ${level}, must be in the tree`);
    }
    return joinComplete(hashesInTile(tileAt(tile.level, tile.index, width), { width, ...tile }));
  };
}

/** The root of a complete subtree from its 2^n hashes. */
function joinComplete(hashes: readonly Uint8Array[]): Uint8Array {
  const [only, second] = hashes;
  if (only !== undefined && second === undefined) return only;
  const half = hashes.length / 2;
  return hashChildren(joinComplete(hashes.slice(0, half)), joinComplete(hashes.slice(half)));
}

export type TileReader = {
  /** The leaf's hash as the tree has it, and its proof. */
  proveInclusion(index: number): Promise<{ leafHash: Uint8Array; proof: Uint8Array[] }>;
  /** The root that the tree had at `oldSize`, and the proof that it only grew since. */
  proveConsistency(oldSize: number): Promise<{ oldRoot: Uint8Array; proof: Uint8Array[] }>;
};

/**
 * Proofs in the tree with the given size and root, from tiles that whoever serves them may have forged: what is
 * returned has been verified against the root. `readTile` may answer with a full tile when the partial one is gone.
 * Its calls run at once, at most 16; its rejections pass through.
 * @throws MerkleLogError `tile_mismatch` when the tiles do not lead to the root, `out_of_range` | `invalid_hash_tile`
 */
export function createTileReader(needs: {
  treeSize: number;
  root: Uint8Array;
  readTile: (level: number, index: number, width: number) => Promise<Uint8Array>;
}): TileReader {
  const { treeSize, root, readTile } = needs;
  requireTreeSize(treeSize);

  async function readHashes(tiles: readonly TileCoordinates[]): Promise<HashAt> {
    const read = await Promise.all(
      tiles.map(async ({ level, index, width }) => ({
        key: `${level}/${index}`,
        bytes: await readTile(level, index, width),
      })),
    );
    const bytesOf = new Map(read.map(({ key, bytes }) => [key, bytes]));
    return createTileHashAt({
      treeSize,
      tileAt: (level, index) => bytesOf.get(`${level}/${index}`) ?? new Uint8Array(),
    });
  }

  return {
    async proveInclusion(index) {
      const hashAt = await readHashes(tilesForInclusion({ index, treeSize }));
      const leafHash = hashAt(0, index);
      const proof = proveInclusion({ index, treeSize, hashAt });
      requireMatch(verifyInclusion({ index, treeSize, leafHash, proof, root }));
      return { leafHash, proof };
    },
    async proveConsistency(oldSize) {
      const hashAt = await readHashes(tilesForConsistency({ oldSize, newSize: treeSize }));
      const oldRoot = rootOfTree({ treeSize: oldSize, hashAt });
      const proof = proveConsistency({ oldSize, newSize: treeSize, hashAt });
      requireMatch(verifyConsistency({ oldSize, newSize: treeSize, oldRoot, newRoot: root, proof }));
      return { oldRoot, proof };
    },
  };
}

function requireMatch(verification: Verification): void {
  if (verification.ok) return;
  throw new MerkleLogError('tile_mismatch', `Cannot prove from these tiles: ${verification.reason}`);
}
