// RFC 6962 section 2.1.1, RFC 9162 section 2.1.3.
import { isHash } from './hashing.ts';
import { buildProof, checkProof, refuse } from './subtree-proof.ts';
import type { Verification } from './subtree-proof.ts';
import { isSubtree, isTreeSize, requireLeafIndex } from './tree-shape.ts';
import type { HashAt } from './tree-shape.ts';

/**
 * The audit path of a leaf, from its sibling up to the child of the root.
 * The hashes are taken as `hashAt` gives them: see `createTileReader` to have them checked against a root.
 * @throws MerkleLogError `out_of_range` | `invalid_hash`
 */
export function proveInclusion(request: { index: number; treeSize: number; hashAt: HashAt }): Uint8Array[] {
  const { index, treeSize, hashAt } = request;
  requireLeafIndex(index, treeSize);
  return buildProof({ start: index, end: index + 1 }, treeSize, hashAt);
}

/** Proves that the leaf is at this index of the tree with this root, or says why not. Never throws. */
export function verifyInclusion(claim: {
  index: number;
  treeSize: number;
  leafHash: Uint8Array;
  proof: readonly Uint8Array[];
  root: Uint8Array;
}): Verification {
  const { index, treeSize, leafHash, proof, root } = claim;
  if (!isTreeSize(treeSize)) return refuse(`The tree size is ${treeSize}, must be an integer from 0 to 2^53 - 1`);
  if (!isTreeSize(index) || index >= treeSize) {
    return refuse(`The leaf index is ${index}, must be an integer from 0 to below the tree size ${treeSize}`);
  }
  if (!isHash(leafHash)) return refuse(`The leaf hash has ${leafHash.length} bytes, must be 32`);
  return checkProof({ subtree: { start: index, end: index + 1 }, treeSize, subtreeRoot: leafHash, root, proof });
}

/** Like {@link verifyInclusion}, in the subtree [start, end) of a log, whose root is `root`. Never throws. */
export function verifySubtreeInclusion(claim: {
  index: number;
  start: number;
  end: number;
  leafHash: Uint8Array;
  proof: readonly Uint8Array[];
  root: Uint8Array;
}): Verification {
  const { index, start, end, leafHash, proof, root } = claim;
  if (!isSubtree(start, end)) return refuse(`The range from ${start} to ${end} is not a subtree`);
  return verifyInclusion({ index: index - start, treeSize: end - start, leafHash, proof, root });
}
