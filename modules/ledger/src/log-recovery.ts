import { rmSync } from 'node:fs';
import { parseSignedCheckpoint, parseVerifierKey, rootOfTree, verifyNote } from '@sallyport/merkle-log';
import { codeOf } from '@sallyport/platform/errors';
import { decodeBlock } from './block.ts';
import type { BlockHeader } from './block.ts';
import { LedgerError } from './errors.ts';
import type { IndexedBlock, IndexedRun, LogIndex } from './log-index.ts';
import type { LogSigner } from './log-signer.ts';
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
    if (codeOf(error) !== 'ERR_SQLITE_ERROR') throw error;
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${needs.indexFile}${suffix}`, { force: true });
    return catchUp(needs, needs.openIndex(needs.indexFile), promised);
  }
}

type Promised = { readonly treeSize: number; readonly root: Uint8Array } | undefined;

function promisedCheckpoint(needs: RecoveryNeeds): Promised {
  if (needs.published === undefined) return undefined;
  const verified = verifyNote({ note: needs.published, verifierKeys: [parseVerifierKey(needs.signer.verifierKey)] });
  if (!verified.ok) throw corrupt(needs, `its checkpoint does not verify: ${verified.reason}`);
  return parseSignedCheckpoint(needs.published).checkpoint;
}

function catchUp(needs: RecoveryNeeds, index: LogIndex, promised: Promised): { index: LogIndex; tree: TreeFiles } {
  const { segments } = needs;
  const lastBefore = index.lastBlock();
  if (lastBefore !== undefined) requireBlock(needs, lastBefore);
  const scanFrom =
    lastBefore === undefined
      ? { segment: segments.segments()[0] ?? 0, offset: 0 }
      : { segment: lastBefore.segment, offset: lastBefore.offset + lastBefore.length };
  const found: { block: IndexedBlock; runs: IndexedRun[] }[] = [];
  let nextIndex = lastBefore === undefined ? 0 : endOf(lastBefore);
  const end = segments.scan(scanFrom, (record, place) => {
    const { header } = decodeBlock(record);
    if (header.firstIndex !== nextIndex) {
      throw corrupt(
        needs,
        `block at ${place.segment}+${place.offset} starts at ${header.firstIndex}, must be ${nextIndex}`,
      );
    }
    found.push({ block: indexedBlock(header, place), runs: indexedRuns(header) });
    nextIndex += header.eventCount + 1;
  });
  if (promised !== undefined && nextIndex < promised.treeSize) {
    throw corrupt(
      needs,
      `its blocks hold ${nextIndex} entries, must be at least the ${promised.treeSize} of its checkpoint`,
    );
  }
  cutTornEnd(needs, end);
  for (const { block, runs } of found) index.add([block], runs);
  const tree = rebuildTree(needs, index);
  if (
    promised !== undefined &&
    !Buffer.from(promised.root).equals(rootOfTree({ treeSize: promised.treeSize, hashAt: tree.hashAt }))
  ) {
    throw corrupt(needs, `its entries do not have the root of its checkpoint of size ${promised.treeSize}`);
  }
  return { index, tree };
}

/** Only the newest write can be torn, and there is one at a time: a broken record with more after it is damage. */
function cutTornEnd(needs: RecoveryNeeds, end: ScanEnd): void {
  if (end.kind === 'complete') return;
  if (!end.isLast)
    throw corrupt(needs, `block at ${end.segment}+${end.offset} is damaged, and later segments follow it`);
  needs.segments.setAside({ segment: end.segment, offset: end.offset });
}

function rebuildTree(needs: RecoveryNeeds, index: LogIndex): TreeFiles {
  const last = index.lastBlock();
  const size = last === undefined ? 0 : endOf(last);
  const saved = index.treeState();
  let tree = openTreeFiles(needs.directory, saved);
  if (tree.size() > size) tree = openTreeFiles(needs.directory, undefined);
  for (let at = tree.size(); at < size;) {
    const block = index.blockAt(at);
    if (block === undefined) throw corrupt(needs, `its index has no block for entry ${at}`);
    const { header } = decodeBlock(needs.segments.read(block));
    const skipped = at - block.first;
    tree.append(Buffer.from(header.leaves.subarray((skipped * header.leaves.length) / (block.eventCount + 1))));
    at = endOf(block);
  }
  return tree;
}

function requireBlock(needs: RecoveryNeeds, block: IndexedBlock): void {
  const { header } = decodeBlock(needs.segments.read(block));
  if (header.firstIndex !== block.first || header.eventCount !== block.eventCount) {
    throw corrupt(needs, `block at ${block.segment}+${block.offset} is not the one its index names`);
  }
}

function indexedBlock(header: BlockHeader, place: RecordPlace): IndexedBlock {
  return { ...place, first: header.firstIndex, eventCount: header.eventCount, receivedAtMs: header.receivedAtMs };
}

function indexedRuns(header: BlockHeader): IndexedRun[] {
  return header.runs.map((run) => ({
    stream: run.streamId,
    first: run.firstSequence,
    count: run.count,
    index: header.firstIndex + run.offset,
  }));
}

function endOf(block: IndexedBlock): number {
  return block.first + block.eventCount + 1;
}

function corrupt(needs: RecoveryNeeds, reason: string): LedgerError {
  return new LedgerError('ledger_corrupt', `Cannot open log "${needs.signer.origin}": ${reason}`, {
    hint: 'restore the ledger directory from a backup and start with --after-restore',
  });
}
