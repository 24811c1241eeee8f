import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  HASH_BYTES,
  TILE_WIDTH,
  createFrontier,
  emptyRoot,
  formatTilePath,
  formatVerifierKey,
  hashChildren,
  parseSignedCheckpoint,
  tileWidth,
  verifyNote,
} from '@sallyport/merkle-log';
import type { Checkpoint, VerifierKey } from '@sallyport/merkle-log';
import { messageOf } from '@sallyport/platform/errors';
import { byteFault, compareFaults, faultRanks, hexText } from './log-fault.ts';
import type { LogFault, PlacedFault } from './log-fault.ts';
import { readMinimumIndex } from '../pruning/minimum-index.ts';
import { checkUpperTiles } from './upper-levels.ts';
import { readLogFile } from './read-log-file.ts';
import { jobEntries } from './verify-jobs.ts';
import type { BlocksResult, TilesResult, VerifyJob, VerifyResult, VerifyWork } from './verify-jobs.ts';

/** Runs jobs, in any order and as many at once as it likes. Rejects when one fails to run. */
export type RunJobs = (
  jobs: readonly VerifyJob[],
  told: { readonly work: (done: VerifyWork) => void; readonly result: (result: VerifyResult) => void },
) => Promise<void>;

export type VerifyProgress = {
  readonly entries: number;
  readonly bytes: number;
  /** Of all the work, between 0 and 1. */
  readonly share: number;
};

export type LogVerification =
  | {
      readonly ok: true;
      readonly origin: string;
      readonly treeSize: number;
      readonly root: Uint8Array;
      readonly signature: 'verified' | 'not checked';
      readonly tiles: number;
      readonly bundles: number;
      /** Entries below this are published as hashes alone. */
      readonly minimumIndex: number;
      /** Undefined for a log without blocks, as any other C2SP log is. */
      readonly blocks:
        | {
            readonly count: number;
            readonly hollow: number;
            /** Events whose content was opened and compared. */
            readonly opened: number;
            readonly segments: number;
            /** Events no checkpoint covers yet. */
            readonly unsigned: number;
            readonly unfinishedBytes: number;
          }
        | undefined;
      readonly entries: 'verified' | 'absent';
      readonly bytes: number;
    }
  | { readonly ok: false; readonly fault: LogFault; readonly faults: number };

/**
 * Recomputes a whole log from its files: block headers, ciphertexts and leaves, published entries, every tile, the root, the
 * signature. Everything is looked at even after a fault, so that the one named is the first there is, whoever found what when;
 * memory is bounded by what the jobs under way hold. The files may be an adversary's. Not looked at: `index.db`, which a server
 * makes again from the blocks.
 */
export async function verifyLog(log: {
  readonly directory: string;
  readonly verifierKey?: VerifierKey | undefined;
  readonly origin?: string | undefined;
  /** Data keys by id, in hexadecimal: contents sealed under them are opened too. */
  readonly keys?: Readonly<Record<string, string>>;
  readonly run: RunJobs;
  readonly onProgress?: (progress: VerifyProgress) => void;
}): Promise<LogVerification> {
  const { directory, verifierKey, origin } = log;
  const head = readHead(directory, { verifierKey, origin });
  if (!head.ok) return { ok: false, fault: head.fault, faults: 1 };
  const { checkpoint } = head;
  const { treeSize } = checkpoint;
  const missing = missingFarOut(directory, treeSize);
  if (missing !== undefined) return { ok: false, fault: missing, faults: 1 };
  const segments = listSegments(directory);
  const jobs: VerifyJob[] = [
    ...segments.map((segment, at): VerifyJob => ({
      kind: 'blocks',
      directory,
      treeSize,
      origin: checkpoint.origin,
      segment,
      end: segments[at + 1],
      keys: log.keys ?? {},
    })),
    ...Array.from({ length: Math.ceil(treeSize / jobEntries) }, (_, chunk): VerifyJob => ({
      kind: 'tiles',
      directory,
      treeSize,
      chunk,
    })),
  ];
  const tiles: TilesResult[] = [];
  const blocks: BlocksResult[] = [];
  let entries = 0;
  let bytes = 0;
  // Each entry is met once in its block and once in its bundle.
  const expected = treeSize * (segments.length > 0 ? 2 : 1);
  await log.run(jobs, {
    work(done) {
      entries += done.entries;
      bytes += done.bytes;
      log.onProgress?.({ entries, bytes, share: expected === 0 ? 1 : Math.min(1, entries / expected) });
    },
    result(result) {
      if (result.kind === 'tiles') tiles.push(result);
      else blocks.push(result);
    },
  });
  tiles.sort((a, b) => a.chunk - b.chunk);
  blocks.sort((a, b) => a.segment - b.segment);
  const judged = judge({ directory, checkpoint, tiles, blocks, segments });
  const faults = [...head.besides, ...judged].toSorted(compareFaults);
  const [first] = faults;
  if (first !== undefined) return { ok: false, fault: first.fault, faults: faults.length };
  const sum = <Item>(list: readonly Item[], count: (item: Item) => number): number =>
    list.reduce((total, item) => total + count(item), 0);
  const bundles = sum(tiles, (one) => one.bundles);
  return {
    ok: true,
    origin: checkpoint.origin,
    treeSize,
    root: checkpoint.root,
    signature: verifierKey === undefined ? 'not checked' : 'verified',
    tiles: sum(tiles, (one) => one.tiles) + upperTileCount(treeSize),
    bundles,
    minimumIndex: readMinimumIndex(directory),
    blocks:
      segments.length === 0
        ? undefined
        : {
            count: sum(blocks, (one) => one.blocks),
            hollow: sum(blocks, (one) => one.hollow),
            opened: sum(blocks, (one) => one.opened),
            segments: segments.length,
            unsigned: sum(blocks, (one) => one.unsigned),
            unfinishedBytes: sum(blocks, (one) => one.unfinishedBytes),
          },
    entries: bundles > 0 || treeSize === 0 || segments.length > 0 ? 'verified' : 'absent',
    bytes,
  };
}

/** Trees of more chunks than this are looked at first. */
const manyChunks = 4096;

/** A checkpoint may state any size: no more work is begun than there are files for. The first lowest tile of a chunk that is not there. */
function missingFarOut(directory: string, treeSize: number): LogFault | undefined {
  const chunks = Math.ceil(treeSize / jobEntries);
  if (chunks <= manyChunks) return undefined;
  for (let chunk = 0; chunk < chunks; chunk += 1) {
    const index = (chunk * jobEntries) / TILE_WIDTH;
    const width = tileWidth({ level: 0, index, treeSize });
    const pathOf = (wide: number): string => formatTilePath({ level: 0, index, width: wide });
    if (existsSync(join(directory, pathOf(width))) || existsSync(join(directory, pathOf(TILE_WIDTH)))) continue;
    return {
      path: pathOf(width),
      offset: 0,
      length: 1,
      reason: 'The hash tile is missing',
      expected: `${width * HASH_BYTES} bytes`,
      found: 'no file',
    };
  }
  return undefined;
}

type Head =
  | { readonly ok: true; readonly checkpoint: Checkpoint; readonly besides: readonly PlacedFault[] }
  | { readonly ok: false; readonly fault: LogFault };

function readHead(
  directory: string,
  expected: { readonly verifierKey: VerifierKey | undefined; readonly origin: string | undefined },
): Head {
  const bytes = readLogFile(join(directory, 'checkpoint'));
  // A signature covers every byte of the text, and every byte of the note is text or signature.
  const fault = (reason: string, wanted: string, found: string): Head => ({
    ok: false,
    fault: { path: 'checkpoint', offset: 0, length: Math.max(1, bytes?.length ?? 0), reason, expected: wanted, found },
  });
  if (bytes === undefined) return fault('The checkpoint is missing', 'a signed checkpoint', 'no file');
  let checkpoint: Checkpoint;
  try {
    ({ checkpoint } = parseSignedCheckpoint(bytes));
  } catch (error) {
    return fault(messageOf(error), 'a signed checkpoint', 'none');
  }
  const { verifierKey, origin } = expected;
  if (origin !== undefined && checkpoint.origin !== origin)
    return fault('It is the checkpoint of another log', origin, checkpoint.origin);
  if (verifierKey !== undefined) {
    const signed = verifyNote({ note: bytes, verifierKeys: [verifierKey] });
    if (!signed.ok) return fault(signed.reason, `a signature by ${verifierKey.name}`, 'none that verifies');
    if (verifierKey.name !== checkpoint.origin)
      return fault('The key is not that of this log', verifierKey.name, checkpoint.origin);
  }
  const besides: PlacedFault[] = [];
  for (const [path, text] of [
    ['vkey', verifierKey === undefined ? undefined : `${formatVerifierKey(verifierKey)}\n`],
    ['origin', `${checkpoint.origin}\n`],
  ] as const) {
    const found = readLogFile(join(directory, path));
    if (found === undefined || text === undefined || found.equals(Buffer.from(text))) continue;
    besides.push({
      entry: 0,
      rank: faultRanks.checkpoint,
      fault: byteFault(
        { path, offset: 0, reason: `The file ${path} is not that of this log` },
        Buffer.from(text),
        found,
      ),
    });
  }
  return { ok: true, checkpoint, besides };
}

/** The root is the judge: whoever computes to it is right, and what disagrees with them is wrong. */
function judge(found: {
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

function upperTileCount(treeSize: number): number {
  let count = 0;
  for (let level = 2; tileWidth({ level, index: 0, treeSize }) > 0; level += 1)
    count += Math.ceil(Math.floor(treeSize / TILE_WIDTH ** level) / TILE_WIDTH);
  return count;
}

function listSegments(directory: string): number[] {
  let names: string[];
  try {
    names = readdirSync(join(directory, 'blocks'));
  } catch {
    return [];
  }
  return names
    .flatMap((name) => /^(\d{16})\.blocks$/.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
}

function fromHex(text: string): Uint8Array {
  return Buffer.from(text, 'hex');
}
