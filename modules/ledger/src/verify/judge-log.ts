import { TILE_WIDTH, createFrontier, emptyRoot, hashChildren } from '@sallyport/merkle-log';
import type { Checkpoint } from '@sallyport/merkle-log';
import { readMinimumIndex } from '../pruning/minimum-index.ts';
import { faultRanks, hexText } from './log-fault.ts';
import type { PlacedFault } from './log-fault.ts';
import { checkUpperTiles } from './upper-levels.ts';
import type { BlocksResult, TilesResult } from './verify-jobs.ts';

/** The root is the judge: whoever computes to it is right, and what disagrees with them is wrong. */
export function judgeLog(found: {
  readonly directory: string;
  readonly checkpoint: Checkpoint;
  readonly tiles: readonly TilesResult[];
  readonly blocks: readonly BlocksResult[];
  readonly segments: readonly number[];
}): PlacedFault[] {
  const { directory, checkpoint, tiles, blocks } = found;
  const faults = [...tiles.flatMap((one) => one.faults), ...blocks.flatMap((one) => one.faults)];
  const rootOf = (chunks: (tile: TilesResult) => readonly string[]): Buffer => Buffer.from(joinRoot(tiles.map(chunks)));
  const byEntries = rootOf((tile) => tile.byEntries).equals(checkpoint.root);
  const byTiles = !byEntries && rootOf((tile) => tile.byTiles ?? tile.byEntries).equals(checkpoint.root);
  for (const { disagreement } of tiles) {
    if (disagreement === undefined) continue;
    faults.push(byEntries ? disagreement.tile : disagreement.bundle);
  }
  for (const { disagreement } of blocks) {
    if (disagreement === undefined) continue;
    const { block, other, fitsTile } = disagreement;
    // Where nothing leads to the root, a block whose header matches its hash is the better witness.
    const blockIsWrong = byEntries ? true : byTiles ? !fitsTile : false;
    // A published entry that is wrong is told already by its disagreement with its tile.
    if (blockIsWrong) faults.push(block);
    else if (!tiles.some((tile) => tile.disagreement?.bundle.entry === other.entry)) faults.push(other);
  }
  const upper = checkUpperTiles({
    directory,
    treeSize: checkpoint.treeSize,
    chunkRoots: tiles.map((tile) => ((byTiles ? tile.byTiles : undefined) ?? tile.byEntries).map(fromHex)),
  });
  faults.push(...upper.faults);
  const mismatches = [
    ...tiles.flatMap((tile) => (byTiles ? (tile.upperByTiles ?? []) : (tile.upperByEntries ?? []))),
    ...upper.mismatches,
  ];
  if (byEntries || byTiles) faults.push(...mismatches.map(({ stored }) => stored));
  else if (faults.length === 0) {
    faults.push(...mismatches.map(({ below }) => below));
    if (faults.length === 0)
      faults.push(
        rootFault(
          checkpoint,
          rootOf((tile) => tile.byEntries),
        ),
      );
  }
  faults.push(...missingEntries(found));
  return faults;
}

/** Published entries may only be missing below the minimum index, blocks not at all. */
function missingEntries({
  directory,
  checkpoint,
  tiles,
  blocks,
  segments,
}: {
  readonly directory: string;
  readonly checkpoint: Checkpoint;
  readonly tiles: readonly TilesResult[];
  readonly blocks: readonly BlocksResult[];
  readonly segments: readonly number[];
}): PlacedFault[] {
  const faults: PlacedFault[] = [];
  const minimumIndex = readMinimumIndex(directory);
  const hasBundles = tiles.some((one) => one.bundles > 0);
  const lastMissing = Math.max(-1, ...tiles.map((one) => one.lastMissing));
  if ((hasBundles || segments.length > 0) && (lastMissing + 1) * TILE_WIDTH > minimumIndex && lastMissing >= 0)
    faults.push({
      entry: lastMissing * TILE_WIDTH,
      rank: faultRanks.bundle,
      fault: {
        path: `tile/entries (number ${lastMissing})`,
        offset: 0,
        length: 1,
        reason: 'The entry bundle is missing, and the log does not say that it may be',
        expected: `all entries from ${minimumIndex} on`,
        found: 'no file',
      },
    });
  if (segments.length === 0) return faults;
  const end = blocks.at(-1)?.end ?? 0;
  const hasFault = blocks.some((one) => one.faults.length > 0);
  if (segments[0] !== 0 || (end < checkpoint.treeSize && !hasFault))
    faults.push({
      entry: segments[0] === 0 ? end : 0,
      rank: faultRanks.block,
      fault: {
        path: 'blocks',
        offset: 0,
        length: 1,
        reason: 'Blocks are missing',
        expected: `entries 0 to ${checkpoint.treeSize - 1}`,
        found: `entries ${segments[0] ?? 0} to ${end - 1}`,
      },
    });
  return faults;
}

function rootFault({ origin, treeSize, root }: Checkpoint, found: Buffer): PlacedFault {
  const before = Buffer.byteLength(`${origin}\n${treeSize}\n`);
  return {
    entry: 0,
    rank: faultRanks.checkpoint,
    fault: {
      path: 'checkpoint',
      offset: 0,
      length: before + 44,
      reason: 'The root of all entries is not the root in the checkpoint',
      expected: hexText(root),
      found: hexText(found),
    },
  };
}

function joinRoot(chunks: readonly (readonly string[])[]): Uint8Array {
  const whole = createFrontier();
  const hashes: Uint8Array[] = [];
  for (const chunk of chunks) {
    // A full chunk is one complete subtree; the last one may be several.
    const [only, second] = chunk;
    if (only !== undefined && second === undefined && chunk !== chunks.at(-1)) whole.append(fromHex(only));
    else hashes.push(...chunk.map(fromHex));
  }
  const all = [...whole.state().hashes, ...hashes];
  return all.length === 0 ? emptyRoot() : all.reduceRight((right, left) => hashChildren(left, right));
}

function fromHex(text: string): Uint8Array {
  return Buffer.from(text, 'hex');
}
