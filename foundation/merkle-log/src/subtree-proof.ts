// One recursion for every proof of RFC 6962: the path from a subtree to the root of the tree that contains it.
// Inclusion is the subtree of one leaf, consistency the subtree that starts at 0.
// draft-ietf-plants-merkle-tree-certs, section "Subtree Consistency Proofs" (SUBTREE_PROOF).
import { equalBytes, hashChildren, isHash } from './hashing.ts';
import { splitPoint, subtreeHash } from './tree-shape.ts';
import type { HashAt } from './tree-shape.ts';

export type Verification = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Half-open ranges of leaves whose hashes form the proof of [start, end) in a tree, in proof order. */
export type LeafRange = { readonly start: number; readonly end: number };

export function proofRanges(subtree: LeafRange, treeSize: number): LeafRange[] {
  const ranges: LeafRange[] = [];
  collectRanges(ranges, subtree, { start: 0, end: treeSize }, true);
  return ranges;
}

export function buildProof(subtree: LeafRange, treeSize: number, hashAt: HashAt): Uint8Array[] {
  return proofRanges(subtree, treeSize).map(({ start, end }) => subtreeHash(start, end, hashAt));
}

/** `verifierKnows` is false once the hash asked for is a mere part of the subtree whose root the verifier holds. */
function collectRanges(ranges: LeafRange[], subtree: LeafRange, tree: LeafRange, verifierKnows: boolean): void {
  if (subtree.start === tree.start && subtree.end === tree.end) {
    if (!verifierKnows) ranges.push(subtree);
    return;
  }
  const middle = tree.start + splitPoint(tree.end - tree.start);
  const left = { start: tree.start, end: middle };
  const right = { start: middle, end: tree.end };
  if (subtree.end <= middle) {
    collectRanges(ranges, subtree, left, verifierKnows);
    ranges.push(right);
  } else if (subtree.start >= middle) {
    collectRanges(ranges, subtree, right, verifierKnows);
    ranges.push(left);
  } else {
    collectRanges(ranges, { start: middle, end: subtree.end }, right, false);
    ranges.push(left);
  }
}

type ProofCheck = {
  readonly subtree: LeafRange;
  readonly treeSize: number;
  readonly subtreeRoot: Uint8Array;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
};

/**
 * The proof comes from an adversary. The shape walked here depends on the sizes alone, never on the proof, so the
 * work is bounded by the height of the tree (at most 53) and every element has exactly one place.
 */
export function checkProof({ subtree, treeSize, subtreeRoot, root, proof }: ProofCheck): Verification {
  const expected = proofRanges(subtree, treeSize).length;
  if (proof.length !== expected) {
    return refuse(`The proof has ${proof.length} hashes, must be ${expected}`);
  }
  if (!proof.every(isHash)) return refuse('The proof holds something that is not a 32-byte hash');
  // When the subtree is the whole tree, the two roots are only compared; else this one is hashed.
  if (expected > 0 && !isHash(subtreeRoot))
    return refuse(`The root to start from has ${subtreeRoot.length} bytes, must be 32`);
  const hashes = proof.values();
  const computed = foldProof(hashes, subtree, { start: 0, end: treeSize }, subtreeRoot);
  if (computed === undefined) return refuse('The proof is too short');
  if (!equalBytes(computed.subtree, subtreeRoot))
    return refuse('The proof does not lead to the root of the smaller tree');
  if (!equalBytes(computed.tree, root)) return refuse('The proof does not lead to the root of the tree');
  return { ok: true };
}

/** `known` is the subtree's root while the node at hand is that subtree or contains it, else undefined. */
function foldProof(
  hashes: Iterator<Uint8Array, unknown>,
  subtree: LeafRange,
  tree: LeafRange,
  known: Uint8Array | undefined,
): { subtree: Uint8Array; tree: Uint8Array } | undefined {
  if (subtree.start === tree.start && subtree.end === tree.end) {
    const hash = known ?? nextHash(hashes);
    return hash === undefined ? undefined : { subtree: hash, tree: hash };
  }
  const middle = tree.start + splitPoint(tree.end - tree.start);
  const left = { start: tree.start, end: middle };
  const right = { start: middle, end: tree.end };
  const inLeft = subtree.end <= middle;
  const across = !inLeft && subtree.start < middle;
  const inner = across ? { start: middle, end: subtree.end } : subtree;
  const below = foldProof(hashes, inner, inLeft ? left : right, across ? undefined : known);
  const sibling = nextHash(hashes);
  if (below === undefined || sibling === undefined) return undefined;
  return {
    subtree: across ? hashChildren(sibling, below.subtree) : below.subtree,
    tree: inLeft ? hashChildren(below.tree, sibling) : hashChildren(sibling, below.tree),
  };
}

function nextHash(hashes: Iterator<Uint8Array, unknown>): Uint8Array | undefined {
  const next = hashes.next();
  return next.done === true ? undefined : next.value;
}

export function refuse(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}
