import { readdirSync, renameSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TILE_WIDTH, formatEntryBundlePath } from '@sallyport/merkle-log';
import { syncDirectory } from '@sallyport/platform/files';
import { blockPrefixBytes, decodeBlock, hollowRecord, recordLength } from '../block.ts';
import type { LogIndex } from '../log-index.ts';
import type { LedgerKeys } from '../needs.ts';
import { segmentName } from '../segment-files.ts';
import type { SegmentFiles } from '../segment-files.ts';
import type { TreeFiles } from '../tree-files.ts';
import { readMinimumIndex, writeMinimumIndex } from './minimum-index.ts';

export type PruningPlan = {
  /** Files of blocks that hold content nobody can open any more. */
  readonly segments: readonly number[];
  /** What the minimum index will be. */
  readonly minimumIndex: number;
};

const beside = '.pruning';

export type PrunedSegment = { readonly blocks: number; readonly events: number; readonly bytes: number };

/**
 * Lets go of content whose keys were destroyed. A block becomes hollow: its ciphertext goes, header and leaves stay, so that
 * tree, proofs, positions and resends are what they were. Each step is atomic and may be repeated; a stop between any two loses
 * nothing: a segment is written beside the old one, synced and renamed, the index follows, and a start makes up for an index
 * that did not. The last segment and blocks under living keys are never touched.
 */
export type LogPruner = {
  plan(): PruningPlan;
  /** One segment. Reads and writes in the background; appends go on. */
  hollow(segment: number): Promise<PrunedSegment>;
  /** After the segments: raises the minimum index, to that of a plan at most, and removes entry bundles below it. Gives the index. */
  raise(planned: number): number;
};

export function createLogPruner(needs: {
  readonly directory: string;
  readonly index: LogIndex;
  readonly segments: Pick<SegmentFiles, 'segments' | 'reopen'>;
  readonly vault: Pick<LedgerKeys, 'isDestroyed'>;
  readonly tree: Pick<TreeFiles, 'passOver'>;
  /** Entries that a published checkpoint covers: the minimum index must not be past it. */
  readonly publishedSize: () => number;
  readonly isClosed: () => boolean;
  readonly fatal: (error: unknown) => never;
}): LogPruner {
  const { directory, index, segments } = needs;
  const blocks = join(directory, 'blocks');
  // Of a stop while one was written.
  for (const name of readdirSync(blocks)) if (name.endsWith(beside)) rmSync(join(blocks, name), { force: true });
  const dead = (): string[] =>
    index
      .sealedKeys()
      .map(({ dataKeyId }) => dataKeyId)
      .filter((id) => needs.vault.isDestroyed(id));

  const plan = (): PruningPlan => {
    const ids = dead();
    const last = segments.segments().at(-1) ?? 0;
    // The last segment keeps its content: it is being written.
    const lowest = Math.min(index.places.firstNotUnder(ids) ?? last, last, Math.max(0, needs.publishedSize()));
    return {
      segments: ids.length === 0 ? [] : index.places.segmentsUnder(ids).filter((segment) => segment < last),
      minimumIndex: Math.max(readMinimumIndex(directory), lowest),
    };
  };

  return {
    plan,
    async hollow(segment) {
      if (!segments.segments().slice(0, -1).includes(segment)) return { blocks: 0, events: 0, bytes: 0 };
      const path = join(blocks, segmentName(segment));
      const temporary = `${path}${beside}`;
      const written = await writeHollow(path, temporary, needs.vault).catch(async (error: unknown) => {
        await rm(temporary, { force: true });
        throw error;
      });
      if (written.pruned.blocks === 0 || needs.isClosed()) {
        await rm(temporary, { force: true });
        return { blocks: 0, events: 0, bytes: 0 };
      }
      // From here on in one turn: nobody reads the segment by places of before.
      renameSync(temporary, path);
      try {
        syncDirectory(blocks);
        segments.reopen(segment);
        index.places.move(segment, written.places);
      } catch (error) {
        // The file is another and the index not: only a start brings the two together again.
        needs.fatal(error);
      }
      return written.pruned;
    },
    raise(planned) {
      const before = readMinimumIndex(directory);
      // Keys may have been destroyed since; what was not announced stays until the next time.
      const minimumIndex = Math.max(before, Math.min(plan().minimumIndex, planned));
      if (minimumIndex > before) writeMinimumIndex(directory, minimumIndex);
      removeBundles(directory, minimumIndex, needs.tree);
      return minimumIndex;
    },
  };
}

async function writeHollow(
  path: string,
  temporary: string,
  vault: Pick<LedgerKeys, 'isDestroyed'>,
): Promise<{
  readonly pruned: PrunedSegment;
  readonly places: { first: number; eventCount: number; offset: number; length: number }[];
}> {
  await using source = await open(path, 'r');
  await using target = await open(temporary, 'w', 0o600);
  const { size } = await source.stat();
  const read = async (offset: number, length: number): Promise<Buffer> => {
    const bytes = Buffer.allocUnsafe(length);
    const { bytesRead } = await source.read(bytes, 0, length, offset);
    return bytes.subarray(0, bytesRead);
  };
  const places: { first: number; eventCount: number; offset: number; length: number }[] = [];
  const pruned = { blocks: 0, events: 0, bytes: 0 };
  let at = 0;
  for (let offset = 0; offset < size;) {
    const length = recordLength(await read(offset, blockPrefixBytes)) ?? 0;
    // Checked whole before anything of it goes: a damaged block stays as it is, for somebody to look at.
    const record = await read(offset, length);
    const { header, ciphertext } = decodeBlock(record);
    const isDead = ciphertext !== undefined && vault.isDestroyed(header.dataKeyId);
    const kept = isDead ? hollowRecord(record) : record;
    if (isDead) {
      pruned.blocks += 1;
      pruned.events += header.eventCount;
      pruned.bytes += record.length - kept.length;
    }
    await target.writeFile(kept);
    places.push({ first: header.firstIndex, eventCount: header.eventCount, offset: at, length: kept.length });
    at += kept.length;
    offset += length;
  }
  await target.sync();
  return { pruned, places };
}

/** Full bundles that end at or below the minimum index, from the newest down to what was removed before. */
function removeBundles(directory: string, minimumIndex: number, tree: Pick<TreeFiles, 'passOver'>): void {
  const bundles = Math.floor(minimumIndex / TILE_WIDTH);
  tree.passOver(bundles);
  // A stop may have left some behind: a folder that holds none is passed over as one.
  for (const number of bundlesIn(join(directory, 'tile', 'entries'), 0, bundles)) {
    const path = join(directory, formatEntryBundlePath({ index: number, width: TILE_WIDTH }));
    rmSync(path, { force: true });
    rmSync(`${path}.p`, { recursive: true, force: true });
  }
}

/** Numbers below `end` of the bundles a folder and those in it hold; `start` is the number its names begin at. */
function* bundlesIn(folder: string, start: number, end: number): Generator<number, void> {
  const names = namesIn(folder);
  for (const name of names) {
    const [, group] = /^x?(\d{3})(?:\.p)?$/.exec(name) ?? [];
    if (group === undefined) continue;
    const number = start * 1000 + Number(group);
    if (name.startsWith('x')) yield* bundlesIn(join(folder, name), number, end);
    else if (number < end) yield number;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
