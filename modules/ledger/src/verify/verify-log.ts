import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { HASH_BYTES, TILE_WIDTH, formatTilePath, tileWidth } from '@sallyport/merkle-log';
import type { VerifierKey } from '@sallyport/merkle-log';
import { readMinimumIndex } from '../pruning/minimum-index.ts';
import { judgeLog } from './judge-log.ts';
import { compareFaults } from './log-fault.ts';
import type { LogFault } from './log-fault.ts';
import { readLogHead } from './read-head.ts';
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
  const head = readLogHead(directory, { verifierKey, origin });
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
  const judged = judgeLog({ directory, checkpoint, tiles, blocks, segments });
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
