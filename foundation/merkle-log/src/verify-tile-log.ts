// The audit of a whole c2sp.org/tlog-tiles log from its files alone.
import type { Checkpoint } from './checkpoint.ts';
import { createFrontier } from './frontier.ts';
import type { Frontier } from './frontier.ts';
import { HASH_BYTES, equalBytes, hashLeaf } from './hashing.ts';
import type { VerifiedSignature } from './signed-note.ts';
import { CHECKPOINT_PATH, fault, readCheckpoint, readEntryBundle, readHashTile } from './tile-log-files.ts';
import type { LogFile, ReadLogFile, TileLogFault } from './tile-log-files.ts';
import type { BundledEntry } from './entry-bundle.ts';
import { TILE_HEIGHT, TILE_WIDTH, formatEntryBundlePath, formatTilePath, tileWidth } from './tiles.ts';
import { createUpperTiles } from './upper-tiles.ts';
import type { UpperMismatch } from './upper-tiles.ts';
import type { VerifierKey } from './verifier-key.ts';

export type TileLogProgress = { readonly path: string; readonly leaves: number; readonly treeSize: number };

export type TileLogVerification =
  | {
      readonly ok: true;
      readonly origin: string;
      readonly treeSize: number;
      readonly root: Uint8Array;
      readonly signature: 'verified' | 'not checked';
      readonly signatures: readonly VerifiedSignature[];
      readonly entries: 'verified' | 'absent';
      readonly hashTiles: number;
      readonly entryBundles: number;
    }
  | TileLogFault;

/**
 * Recomputes the log: every entry to its leaf hash, every hash of every tile from those below it, and the root, which
 * must be the checkpoint's. The files may be an adversary's; memory is bounded by a bundle and a tile a level, work by
 * the files that exist. The first fault ends the walk or is remembered until the root tells which of two files lies.
 *
 * What it cannot tell: without `verifierKeys`, who made the checkpoint (`signature: 'not checked'`); ever, whether the
 * log showed others another tree. Of pruned logs entry bundles below `minimumIndex` may be missing; tiles may not.
 * Rejects only with what `read` or `onProgress` throw.
 */
export async function verifyTileLog(log: {
  read: ReadLogFile;
  /** Keys of the log, and of witnesses if wanted: at least one of kind `ed25519` must have signed. */
  verifierKeys?: readonly VerifierKey[] | undefined;
  /** The log this must be; a key may serve several. */
  origin?: string | undefined;
  /** What the log says it publishes entries from ("Pruning"); 0 unless given. */
  minimumIndex?: number | undefined;
  onProgress?: ((progress: TileLogProgress) => void) | undefined;
}): Promise<TileLogVerification> {
  const { read, onProgress } = log;
  const signed = await readCheckpoint(read, { verifierKeys: log.verifierKeys, origin: log.origin });
  if (!signed.ok) return signed;
  const { checkpoint, signatures } = signed.content;
  const { treeSize, origin, root } = checkpoint;

  const tree = createFrontier();
  const upper = createUpperTiles({ read });
  const leaves = createLeafComparison();
  const prunedBundles = Math.floor((log.minimumIndex ?? 0) / TILE_WIDTH);
  let firstMissing: number | undefined;
  let entryBundles = 0;
  let hashTiles = 0;
  for (let index = 0; index * TILE_WIDTH < treeSize; index += 1) {
    const width = tileWidth({ level: 0, index, treeSize });
    const [tile, bundle] = await Promise.all([
      readHashTile(read, { level: 0, index, width }),
      readEntryBundle(read, { index, width }),
    ]);
    if (!tile.ok) return tile;
    if (bundle?.ok === false) return bundle;
    // All bundles or none: a hole must not pass for a log that keeps its entries elsewhere.
    if (bundle === undefined && index >= prunedBundles) {
      if (entryBundles > 0) return missingBundle(index, treeSize);
      firstMissing ??= index;
    }
    if (bundle !== undefined && firstMissing !== undefined) return missingBundle(firstMissing, treeSize);
    if (bundle !== undefined) entryBundles += 1;
    hashTiles += 1;
    for (const hash of leaves.compare(tile, bundle, tree)) {
      tree.append(hash, (level, at, node) => {
        if (level > 0 && level % TILE_HEIGHT === 0) upper.add(level / TILE_HEIGHT, at, node);
      });
    }
    const upperFault = await upper.checkFull();
    if (upperFault !== undefined) return upperFault;
    onProgress?.({ path: tile.path, leaves: tree.size, treeSize });
  }
  const upperFault = await upper.checkRest();
  if (upperFault !== undefined) return upperFault;

  const { tiles: upperTiles, mismatch: upperMismatch } = upper.result();
  const lie = findLie({
    checkpoint,
    signed: signatures !== undefined,
    tree,
    leaves: leaves.result(),
    upper: upperMismatch,
  });
  if (lie !== undefined) return lie;
  return {
    ok: true,
    origin,
    treeSize,
    root,
    signature: signatures === undefined ? 'not checked' : 'verified',
    signatures: signatures ?? [],
    entries: entryBundles > 0 || treeSize === 0 ? 'verified' : 'absent',
    hashTiles: hashTiles + upperTiles,
    entryBundles,
  };
}

/** An entry and a hash in its tile that do not belong together, and the tree as the tiles alone would have it. */
type LeafMismatch = { readonly entry: TileLogFault; readonly hash: TileLogFault; readonly treeOfTiles: Frontier };

function createLeafComparison(): {
  compare(tile: LogFile<Uint8Array[]>, bundle: LogFile<BundledEntry[]> | undefined, tree: Frontier): Uint8Array[];
  result(): LeafMismatch | undefined;
} {
  let mismatch: LeafMismatch | undefined;
  return {
    /** The leaf hashes, from the entries if there are any; `tree` is the tree before them. */
    compare(tile, bundle, tree) {
      if (bundle === undefined) return tile.content;
      const hashes = bundle.content.map(({ bytes }) => hashLeaf(bytes));
      for (const [at, entry] of bundle.content.entries()) {
        const computed = hashes[at];
        const stored = tile.content[at];
        if (mismatch !== undefined || computed === undefined || stored === undefined) break;
        if (equalBytes(computed, stored)) continue;
        const { size, hashes: subtrees } = tree.state();
        mismatch = {
          entry: fault(bundle.path, entry.offset, `Entry ${size + at} is not the one that the tree commits to`),
          hash: fault(
            tile.path,
            at * HASH_BYTES + computed.findIndex((byte, position) => byte !== stored[position]),
            `The hash of entry ${size + at} is not the one that the tree commits to`,
          ),
          treeOfTiles: createFrontier(size, subtrees),
        };
      }
      if (mismatch !== undefined) for (const hash of tile.content) mismatch.treeOfTiles.append(hash);
      return hashes;
    },
    result: () => mismatch,
  };
}

/** The root is the judge: whoever computes to it is right, and what disagrees with them is wrong. */
function findLie(found: {
  checkpoint: Checkpoint;
  signed: boolean;
  tree: Frontier;
  leaves: LeafMismatch | undefined;
  upper: UpperMismatch | undefined;
}): TileLogFault | undefined {
  const { checkpoint, tree, leaves, upper } = found;
  const { origin, treeSize, root } = checkpoint;
  if (equalBytes(tree.root(), root)) return leaves?.hash ?? upper?.stored;
  if (leaves !== undefined) {
    if (equalBytes(leaves.treeOfTiles.root(), root)) return leaves.entry;
    return { ...leaves.entry, reason: `${leaves.entry.reason}, and neither are the hashes in the tiles` };
  }
  if (upper !== undefined) return upper.below;
  const reason = 'The root of the entries and tiles is not the root in the checkpoint';
  if (!found.signed || treeSize === 0) {
    return fault(CHECKPOINT_PATH, Buffer.byteLength(`${origin}\n${treeSize}\n`), reason);
  }
  // The checkpoint is the log's own and every full tile agrees with the one above it, so the last tile is suspect.
  const index = Math.floor((treeSize - 1) / TILE_WIDTH);
  return fault(formatTilePath({ level: 0, index, width: tileWidth({ level: 0, index, treeSize }) }), 0, reason);
}

function missingBundle(index: number, treeSize: number): TileLogFault {
  const path = formatEntryBundlePath({ index, width: tileWidth({ level: 0, index, treeSize }) });
  return fault(path, 0, 'The entry bundle is missing, though others are there');
}
