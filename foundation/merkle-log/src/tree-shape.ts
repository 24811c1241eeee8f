// Where the nodes of an RFC 6962 tree are. Sizes and indices are integers up to 2^53 - 1, so arithmetic is
// division and remainder: the bit operators would cut them to 32 bits.
import { MerkleLogError } from './errors.ts';
import { emptyRoot, hashChildren, requireHash } from './hashing.ts';

export const MAX_TREE_SIZE = Number.MAX_SAFE_INTEGER;

/** The complete subtree over the leaves [index · 2^level, (index + 1) · 2^level). */
export type TreeNode = { readonly level: number; readonly index: number };

/** The hash of a complete subtree, see {@link TreeNode}; asked only for nodes that the tree at hand contains. */
export type HashAt = (level: number, index: number) => Uint8Array;

export function isTreeSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** @throws MerkleLogError `out_of_range` */
export function requireTreeSize(treeSize: number): void {
  if (isTreeSize(treeSize)) return;
  throw new MerkleLogError('out_of_range', `Cannot use tree size ${treeSize}, must be an integer from 0 to 2^53 - 1`);
}

/** @throws MerkleLogError `out_of_range` */
export function requireLeafIndex(index: number, treeSize: number): void {
  requireTreeSize(treeSize);
  if (isTreeSize(index) && index < treeSize) return;
  throw new MerkleLogError(
    'out_of_range',
    `Cannot use leaf index ${index}, must be an integer from 0 to below the tree size ${treeSize}`,
  );
}

function floorLog2(value: number): number {
  const high = Math.floor(value / 2 ** 32);
  return high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(value);
}

/** The largest power of two smaller than `size`, for `size` over 1 (k in RFC 6962 section 2.1). */
export function splitPoint(size: number): number {
  return 2 ** floorLog2(size - 1);
}

/**
 * Whether [start, end) is a subtree in the sense of Merkle Tree Certificates (draft-ietf-plants-merkle-tree-certs):
 * `start` is a multiple of the smallest power of two that is not below `end - start`.
 */
export function isSubtree(start: number, end: number): boolean {
  if (!isTreeSize(start) || !isTreeSize(end) || start > end) return false;
  const size = end - start;
  return start % (size <= 1 ? 1 : 2 * splitPoint(size)) === 0;
}

/** The complete subtrees that a subtree [start, end) consists of, from left to right. */
export function completeSubtrees(start: number, end: number): TreeNode[] {
  const nodes: TreeNode[] = [];
  let from = start;
  while (from < end) {
    const level = floorLog2(end - from);
    nodes.push({ level, index: from / 2 ** level });
    from += 2 ** level;
  }
  return nodes;
}

/** Joins the hashes of the complete subtrees of a tree, left to right, into its root. */
export function joinSubtrees(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return emptyRoot();
  return hashes.reduceRight((right, left) => hashChildren(left, right));
}

export function subtreeHash(start: number, end: number, hashAt: HashAt): Uint8Array {
  return joinSubtrees(completeSubtrees(start, end).map(({ level, index }) => requireHash(hashAt(level, index))));
}

/** The root of the tree of the given size. @throws MerkleLogError `out_of_range` | `invalid_hash` */
export function rootOfTree({ treeSize, hashAt }: { treeSize: number; hashAt: HashAt }): Uint8Array {
  requireTreeSize(treeSize);
  return subtreeHash(0, treeSize, hashAt);
}
