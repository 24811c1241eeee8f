import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TILE_WIDTH, parseSignedCheckpoint, parseVerifierKey, rootOfTree, verifyNote } from '@sallyport/merkle-log';
import { codeOf } from '@sallyport/platform/errors';
import { blockStartBytes, decodeBlock, readBlockStart } from './block.ts';
import type { BlockHeader } from './block-header.ts';
import { isDatabaseUnreadable, isDiskFull } from './disk-errors.ts';
import { LedgerError } from './errors.ts';
import type { FoundBlock, IndexedBlock } from './indexed-block.ts';
import type { IndexedRun, LogIndex } from './log-index.ts';
import type { LogSigner } from './log-signer.ts';
import { readMinimumIndex } from './pruning/minimum-index.ts';
import { repairPlaces } from './pruning/repair-places.ts';
import type { RecordPlace, ScanEnd, SegmentFiles } from './segment-files.ts';
import { openTreeFiles } from './tree-files.ts';
import type { TreeFiles } from './tree-files.ts';

type RecoveryNeeds = {
  readonly directory: string;
  readonly indexFile: string;
  readonly segments: SegmentFiles;
  readonly signer: LogSigner;
  /** The newest checkpoint this log published, as found on disk. */
  readonly published: string | undefined;
  readonly openIndex: (file: string) => LogIndex;
  /** Whether the vault still holds a data key. */
  readonly hasKey: (id: string) => boolean;
};

/**
 * Brings index and tree up to the block files after any stop. Only bytes past everything that was ever indexed or
 * published may be torn; those are set aside. Anything else missing or altered is `ledger_corrupt`: better to stop
 * than to sign a second history.
 */
export function recoverLog(needs: RecoveryNeeds): { index: LogIndex; tree: TreeFiles } {
  const promised = promisedCheckpoint(needs);
  try {
    const index = needs.openIndex(needs.indexFile);
    try {
      return catchUp(needs, index, promised);
    } catch (error) {
      index.close();
      throw error;
    }
  } catch (error) {
    // What the index says of the blocks is evidence against them; only an index that cannot be read is made again.
    if (!isDatabaseUnreadable(error)) throw error;
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${needs.indexFile}${suffix}`, { force: true });
    const index = needs.openIndex(needs.indexFile);
    try {
      return catchUp(needs, index, promised);
    } catch (failure) {
      index.close();
      throw failure;
    }
  }
}

const maxFoundBytes = 32 * 1024 * 1024;

type Promised = { readonly treeSize: number; readonly root: Uint8Array } | undefined;

function promisedCheckpoint(needs: RecoveryNeeds): Promised {
  if (needs.published === undefined) return undefined;
  const verified = verifyNote({ note: needs.published, verifierKeys: [parseVerifierKey(needs.signer.verifierKey)] });
  if (!verified.ok) throw corrupt(needs, `its checkpoint does not verify: ${verified.reason}`);
  return parseSignedCheckpoint(needs.published).checkpoint;
}

function catchUp(needs: RecoveryNeeds, index: LogIndex, promised: Promised): { index: LogIndex; tree: TreeFiles } {
  const { segments } = needs;
  repairPlaces(segments, index.places);
  const lastBefore = index.lastBlock();
  if (lastBefore !== undefined) requireBlock(needs, lastBefore);
  index.fillKeys((block) => {
    // Its start alone, unless that names a key nobody knows: a large ledger would otherwise be read whole.
    const start = readBlockStart(segments.read({ ...block, length: Math.min(block.length, blockStartBytes) }));
    if (start?.firstIndex === block.first && needs.hasKey(start.dataKeyId)) return start.dataKeyId;
    return decodeBlock(segments.read(block)).header.dataKeyId;
  });
  const scanFrom =
    lastBefore === undefined
      ? { segment: segments.segments()[0] ?? 0, offset: 0 }
      : { segment: lastBefore.segment, offset: lastBefore.offset + lastBefore.length };
  // In portions: an index made again from a large log does not fit into memory. The last segment goes in whole, once it
  // is known to be durable.
  let found: { block: IndexedBlock; runs: IndexedRun[] }[] = [];
  let foundBytes = 0;
  const addFound = (): void => {
    index.add(
      found.map(({ block }) => block),
      found.flatMap(({ runs }) => runs),
    );
    found = [];
    foundBytes = 0;
  };
  let nextIndex = lastBefore === undefined ? 0 : endOf(lastBefore);
  const end = segments.scan(scanFrom, (record, place) => {
    const { header } = decodeBlock(record);
    if (header.firstIndex !== nextIndex) {
      throw corrupt(
        needs,
        `block at ${place.segment}+${place.offset} starts at ${header.firstIndex}, must be ${nextIndex}`,
      );
    }
    if (foundBytes > maxFoundBytes && place.segment !== segments.segments().at(-1)) addFound();
    found.push({ block: indexedBlock(header, place), runs: indexedRuns(header) });
    nextIndex += header.eventCount + 1;
    foundBytes += record.length;
  });
  if (promised !== undefined && nextIndex < promised.treeSize) {
    throw corrupt(
      needs,
      `its blocks hold ${nextIndex} entries, must be at least the ${promised.treeSize} of its checkpoint`,
    );
  }
  cutTornEnd(needs, end);
  segments.writeAgain(scanFrom);
  addFound();
  requireNewestKey(needs, index);
  // A directory brought back from an archive has blocks and a checkpoint alone, and partial tiles are not synced: power that
  // fails leaves a checkpoint without them. What it refers to is made again.
  const withTiles = (tree: TreeFiles): { index: LogIndex; tree: TreeFiles } => {
    try {
      if (promised?.treeSize === tree.size()) tree.writeAll();
    } catch (error) {
      // The next checkpoint writes its own, when there is room.
      if (!isDiskFull(error)) throw error;
    }
    return { index, tree };
  };
  const tree = rebuildTree(needs, index, index.treeState());
  if (hasPromisedRoot(tree, promised)) return withTiles(tree);
  // Tiles are derived: before the blocks are blamed, they are made again.
  const remade = rebuildTree(needs, index, undefined);
  if (hasPromisedRoot(remade, promised)) return withTiles(remade);
  throw corrupt(needs, `its entries do not have the root of its checkpoint of size ${promised?.treeSize ?? 0}`);
}

function hasPromisedRoot(tree: TreeFiles, promised: Promised): boolean {
  const agrees = (treeSize: number, root: Uint8Array): boolean =>
    Buffer.from(root).equals(rootOfTree({ treeSize, hashAt: tree.hashAt }));
  try {
    return agrees(tree.size(), tree.root()) && (promised === undefined || agrees(promised.treeSize, promised.root));
  } catch (error) {
    if (codeOf(error) === 'ledger_corrupt') return false;
    throw error;
  }
}

/** Only the newest write can be torn, and there is one at a time: a broken record with more after it is damage. */
function cutTornEnd(needs: RecoveryNeeds, end: ScanEnd): void {
  if (end.kind === 'complete') return;
  if (!end.isLast)
    throw corrupt(needs, `block at ${end.segment}+${end.offset} is damaged, and later segments follow it`);
  needs.segments.setAside({ segment: end.segment, offset: end.offset });
}

function rebuildTree(needs: RecoveryNeeds, index: LogIndex, saved: Uint8Array | undefined): TreeFiles {
  const last = index.lastBlock();
  const size = last === undefined ? 0 : endOf(last);
  const open = (state: Uint8Array | undefined): TreeFiles => {
    const opened = openTreeFiles(needs.directory, state);
    opened.passOver(Math.floor(readMinimumIndex(needs.directory) / TILE_WIDTH));
    return opened;
  };
  let tree = open(saved);
  // Nobody but the settled tree refers to settled tiles: when they are gone as a whole, it starts again too.
  if (tree.size() > size || !existsSync(join(needs.directory, 'tile'))) tree = open(undefined);
  for (let at = tree.size(); at < size;) {
    const block = index.blockAt(at);
    if (block === undefined) throw corrupt(needs, `its index has no block for entry ${at}`);
    const { header } = decodeBlock(needs.segments.read(block));
    const skipped = at - block.first;
    tree.append(Buffer.from(header.leaves.subarray((skipped * header.leaves.length) / (block.eventCount + 1))));
    tree.writeFull();
    at = endOf(block);
  }
  return tree;
}

/** A vault put back to an older state lacks the newest keys: its blocks must not pass for erased ones. */
function requireNewestKey(needs: RecoveryNeeds, index: LogIndex): void {
  const last = index.lastBlock();
  if (last === undefined) return;
  const { dataKeyId } = decodeBlock(needs.segments.read(last)).header;
  if (!needs.hasKey(dataKeyId)) throw corrupt(needs, `the vault does not hold key "${dataKeyId}" of its newest block`);
}

function requireBlock(needs: RecoveryNeeds, block: FoundBlock): void {
  const { header } = decodeBlock(needs.segments.read(block));
  if (header.firstIndex !== block.first || header.eventCount !== block.eventCount) {
    throw corrupt(needs, `block at ${block.segment}+${block.offset} is not the one its index names`);
  }
}

function indexedBlock(header: BlockHeader, place: RecordPlace): IndexedBlock {
  const { firstIndex: first, eventCount, receivedAtMs, dataKeyId } = header;
  return { ...place, first, eventCount, receivedAtMs, dataKeyId };
}

function indexedRuns(header: BlockHeader): IndexedRun[] {
  return header.runs.map((run) => ({
    stream: run.streamId,
    first: run.firstSequence,
    count: run.count,
    index: header.firstIndex + run.offset,
  }));
}

function endOf(block: FoundBlock): number {
  return block.first + block.eventCount + 1;
}

function corrupt(needs: RecoveryNeeds, reason: string): LedgerError {
  return new LedgerError('ledger_corrupt', `Cannot open log "${needs.signer.origin}": ${reason}`, {
    hint: 'restore the ledger directory from a backup and start with --after-restore',
  });
}
