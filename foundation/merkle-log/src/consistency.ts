// RFC 6962 section 2.1.2, RFC 9162 section 2.1.4; subtrees as in draft-ietf-plants-merkle-tree-certs.
import { MerkleLogError } from './errors.ts';
import { emptyRoot, equalBytes } from './hashing.ts';
import { buildProof, checkProof, refuse } from './subtree-proof.ts';
import type { Verification } from './subtree-proof.ts';
import { isSubtree, isTreeSize, requireTreeSize } from './tree-shape.ts';
import type { HashAt } from './tree-shape.ts';

/**
 * Proves that the tree of `newSize` only appended to the tree of `oldSize`. Equal sizes give an empty proof; an
 * empty old tree has no proof, as it is consistent with everything.
 * @throws MerkleLogError `out_of_range` | `invalid_hash`
 */
export function proveConsistency(request: { oldSize: number; newSize: number; hashAt: HashAt }): Uint8Array[] {
  const { oldSize, newSize, hashAt } = request;
  return proveSubtreeConsistency({ start: 0, end: oldSize, treeSize: newSize, hashAt });
}

/** Proves that the tree contains the subtree [start, end). @throws MerkleLogError `out_of_range` | `invalid_hash` */
export function proveSubtreeConsistency(request: {
  start: number;
  end: number;
  treeSize: number;
  hashAt: HashAt;
}): Uint8Array[] {
  const { start, end, treeSize, hashAt } = request;
  requireTreeSize(treeSize);
  if (!isSubtree(start, end) || start === end || end > treeSize) {
    throw new MerkleLogError(
      'out_of_range',
      `Cannot prove consistency of the leaves from ${start} to ${end}, must be a subtree of the tree of size ${treeSize}`,
    );
  }
  return buildProof({ start, end }, treeSize, hashAt);
}

/** Whether the new tree only appended to the old one. Refuses an empty old tree: it would prove nothing. Never throws. */
export function verifyConsistency(claim: {
  oldSize: number;
  newSize: number;
  oldRoot: Uint8Array;
  newRoot: Uint8Array;
  proof: readonly Uint8Array[];
}): Verification {
  const { oldSize, newSize, oldRoot, newRoot, proof } = claim;
  if (oldSize === 0) return refuse('The old tree is empty, which proves nothing');
  return verifySubtreeConsistency({
    start: 0,
    end: oldSize,
    treeSize: newSize,
    subtreeRoot: oldRoot,
    root: newRoot,
    proof,
  });
}

/**
 * Whether the tree contains the subtree [start, end) with the given root. An empty subtree is in every tree: its root
 * must be the empty root and the proof empty, the root of the tree is then not looked at. Never throws.
 */
export function verifySubtreeConsistency(claim: {
  start: number;
  end: number;
  treeSize: number;
  subtreeRoot: Uint8Array;
  root: Uint8Array;
  proof: readonly Uint8Array[];
}): Verification {
  const { start, end, treeSize, subtreeRoot, root, proof } = claim;
  if (!isTreeSize(treeSize)) return refuse(`The tree size is ${treeSize}, must be an integer from 0 to 2^53 - 1`);
  if (!isSubtree(start, end)) return refuse(`The range from ${start} to ${end} is not a subtree`);
  if (end > treeSize) return refuse(`The subtree ends at ${end}, must be at most the tree size ${treeSize}`);
  if (start === end) {
    if (proof.length > 0) return refuse('The proof for an empty subtree must be empty');
    if (!equalBytes(subtreeRoot, emptyRoot())) return refuse('The root of the empty subtree is not the empty root');
    return { ok: true };
  }
  return checkProof({ subtree: { start, end }, treeSize, subtreeRoot, root, proof });
}
