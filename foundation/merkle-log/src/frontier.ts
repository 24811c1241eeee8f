// The compact range [0, size): the roots of the tree's complete subtrees. It is all an append needs to know.
import { MerkleLogError } from './errors.ts';
import { HASH_BYTES, hashChildren, isHash, requireHash } from './hashing.ts';
import { MAX_TREE_SIZE, completeSubtrees, isTreeSize, joinSubtrees } from './tree-shape.ts';

/** `hashes` holds the complete subtrees from left (largest) to right: one per set bit of `size`. */
export type FrontierState = { readonly size: number; readonly hashes: readonly Uint8Array[] };

/** Called for each node an append completes, the leaf (level 0) first, then its new ancestors. */
export type VisitNode = (level: number, index: number, hash: Uint8Array) => void;

export type Frontier = {
  readonly size: number;
  /**
   * Appends one leaf hash and returns its index. The frontier keeps the array: do not write to it afterwards.
   * Nodes at the levels 0, 8, 16 … handed to `visitNode` are the hashes of the tiles at the levels 0, 1, 2 …
   */
  append(leafHash: Uint8Array, visitNode?: VisitNode): number;
  /** Costs at most 52 hashes; the frontier is not changed. */
  root(): Uint8Array;
  /** A copy that later appends do not change. */
  state(): FrontierState;
};

/** @throws MerkleLogError `invalid_frontier` when the hashes do not fit the size */
export function createFrontier(size = 0, hashes: readonly Uint8Array[] = []): Frontier {
  requireFrontierState({ size, hashes });
  const subtrees = [...hashes];
  let leaves = size;
  return {
    get size() {
      return leaves;
    },
    append(leafHash, visitNode) {
      if (leaves === MAX_TREE_SIZE) throw new MerkleLogError('out_of_range', 'Cannot append: the tree is full');
      let hash = requireHash(leafHash);
      const appended = leaves;
      let index = leaves;
      let level = 0;
      visitNode?.(level, index, hash);
      // Each trailing one bit of the size is a complete subtree that now has its right sibling.
      while (index % 2 === 1) {
        const left = subtrees.pop();
        if (left === undefined) break;
        hash = hashChildren(left, hash);
        index = (index - 1) / 2;
        level += 1;
        visitNode?.(level, index, hash);
      }
      subtrees.push(hash);
      leaves += 1;
      return appended;
    },
    root: () => joinSubtrees(subtrees),
    state: () => ({ size: leaves, hashes: [...subtrees] }),
  };
}

/** Eight bytes of size, big-endian, then the hashes. @throws MerkleLogError `invalid_frontier` */
export function encodeFrontier(state: FrontierState): Uint8Array {
  requireFrontierState(state);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(state.size));
  return Buffer.concat([size, ...state.hashes]);
}

/** Accepts only what {@link encodeFrontier} makes. @throws MerkleLogError `invalid_frontier` */
export function decodeFrontier(bytes: Uint8Array): FrontierState {
  if (bytes.length < 8) throw invalidFrontier(`it has ${bytes.length} bytes, must be at least 8`);
  const size = Buffer.from(bytes.subarray(0, 8)).readBigUInt64BE();
  if (size > BigInt(MAX_TREE_SIZE)) throw invalidFrontier(`its size is ${size}, must be at most 2^53 - 1`);
  if ((bytes.length - 8) % HASH_BYTES !== 0) throw invalidFrontier('it must end after a whole hash');
  const hashes: Uint8Array[] = [];
  // 53 hashes are the most any size has; one more is enough to be refused below.
  for (let at = 8; at < bytes.length && hashes.length <= 53; at += HASH_BYTES) {
    hashes.push(bytes.slice(at, at + HASH_BYTES));
  }
  const state = { size: Number(size), hashes };
  requireFrontierState(state);
  return state;
}

function requireFrontierState({ size, hashes }: FrontierState): void {
  if (!isTreeSize(size)) throw invalidFrontier(`its size is ${size}, must be an integer from 0 to 2^53 - 1`);
  const expected = completeSubtrees(0, size).length;
  if (hashes.length !== expected) {
    throw invalidFrontier(`it has ${hashes.length} hashes, must be ${expected} for size ${size}`);
  }
  if (!hashes.every(isHash)) throw invalidFrontier(`each hash must be ${HASH_BYTES} bytes`);
}

function invalidFrontier(why: string): MerkleLogError {
  return new MerkleLogError('invalid_frontier', `Cannot use the frontier: ${why}`);
}
