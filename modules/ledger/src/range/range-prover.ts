import { parseSignedCheckpoint, proveConsistency, rootOfTree } from '@sallyport/merkle-log';
import { decodeBlock } from '../block.ts';
import type { BlockHeader } from '../block-header.ts';
import type { BlockReader } from '../block-reader.ts';
import { LedgerError } from '../errors.ts';
import { leafBytes } from '../leaf.ts';
import type { FoundBlock } from '../indexed-block.ts';
import type { LogIndex } from '../log-index.ts';
import type { CosignedCheckpoint } from '../log-prover.ts';
import type { LogPublisher } from '../log-publisher.ts';
import type { SegmentFiles } from '../segment-files.ts';
import type { TreeFiles } from '../tree-files.ts';
import { encodeRangeEntries } from './range-entries.ts';
import type { StoredRangeEntry } from './range-entries.ts';

/** Which part of a log: positions, or times of receipt in milliseconds; half-open, and open where undefined. */
export type RangeBounds =
  | { readonly kind: 'positions'; readonly from: number; readonly to: number }
  | { readonly kind: 'times'; readonly fromMs: number | undefined; readonly toMs: number | undefined };

export type OpenedRange = {
  /** Whole blocks, half-open. */
  readonly from: number;
  readonly to: number;
  /** What is claimed of them. */
  readonly between: { readonly from: number; readonly to: number };
  readonly left: readonly Uint8Array[];
  readonly proof: readonly Uint8Array[];
  readonly checkpoint: string;
  readonly witnessKeys: readonly string[];
};

/** Which events' contents are wanted; empty lists mean any. */
export type RangeFilter = {
  readonly between: { readonly from: number; readonly to: number };
  readonly time: { readonly fromMs: number | undefined; readonly toMs: number | undefined };
  readonly classes: readonly number[];
  /** Ids in hexadecimal. */
  readonly sourceIds: readonly string[];
};

export type RangeSurvey = {
  /** Where to go on; equal to `until` at the end. */
  readonly next: number;
  readonly claimed: number;
  /** Of the blocks that hold something wanted, opened: no less than the contents come to. */
  readonly plainBytes: number;
  readonly sourceIds: readonly string[];
};

/** Makes evidence of whole ranges, in slices that are answered quickly: appends wait meanwhile. */
export type RangeProver = {
  /**
   * Throws `not_found` for a part without entries, `unsigned` when no signed checkpoint covers it. With `witnessed` only what
   * `cosigned` covers counts.
   */
  open(bounds: RangeBounds, signed: { cosigned: CosignedCheckpoint | undefined; witnessed: boolean }): OpenedRange;
  survey(at: number, until: number, filter: RangeFilter): RangeSurvey;
  /** At least one block; encoded as `range-entries.ts` says. */
  slice(at: number, until: number, filter: RangeFilter): { readonly next: number; readonly entries: Buffer };
};

const sliceBytes = 4 * 1024 * 1024;
const surveyedBytes = 32 * 1024 * 1024;

export function createRangeProver(needs: {
  readonly number: number;
  readonly origin: string;
  readonly openAt: BlockReader['openAt'];
  readonly index: Pick<LogIndex, 'blockAt'>;
  readonly segments: Pick<SegmentFiles, 'read'>;
  readonly tree: Pick<TreeFiles, 'size' | 'hashAt'>;
  readonly publisher: Pick<LogPublisher, 'publish' | 'publishedSize' | 'unsigned'>;
}): RangeProver {
  const { number, index, tree, publisher } = needs;

  const blockAt = (at: number): FoundBlock => {
    const block = index.blockAt(at);
    if (block === undefined)
      throw new LedgerError('not_found', `Cannot prove entry ${number}/${at}: the log ends before it`);
    return block;
  };

  /** Of the blocks in a tree of `treeSize` entries the first received at `timeMs` or later; `treeSize` when there is none. */
  const firstAt = (timeMs: number, treeSize: number): number => {
    let low = 0;
    let high = treeSize;
    while (low < high) {
      const block = blockAt(Math.floor((low + high) / 2));
      if (block.receivedAtMs >= timeMs) high = block.first;
      else low = endOf(block);
    }
    return low;
  };

  const signedSize = (cosigned: CosignedCheckpoint | undefined): number | undefined => {
    if (cosigned === undefined) return undefined;
    const { origin, treeSize, root } = parseSignedCheckpoint(cosigned.checkpoint).checkpoint;
    const isOurs = origin === needs.origin && treeSize > 0 && treeSize <= tree.size();
    return isOurs && Buffer.from(root).equals(rootOfTree({ treeSize, hashAt: tree.hashAt })) ? treeSize : undefined;
  };

  const boundsIn = (bounds: RangeBounds, treeSize: number): Pick<OpenedRange, 'from' | 'to' | 'between'> => {
    if (bounds.kind === 'positions') {
      if (bounds.from >= bounds.to)
        throw new LedgerError('not_found', 'Cannot prove a range without entries: must end after it begins');
      if (bounds.to > tree.size())
        throw new LedgerError(
          'not_found',
          `Cannot prove entries up to ${number}/${bounds.to - 1}: the log ends before it`,
        );
      if (bounds.to > treeSize) throw publisher.unsigned(`Cannot prove entries up to ${number}/${bounds.to - 1}`);
      return {
        from: blockAt(bounds.from).first,
        to: endOf(blockAt(bounds.to - 1)),
        between: { from: bounds.from, to: bounds.to },
      };
    }
    const { fromMs, toMs } = bounds;
    // An entry older than the time asked for on one side and a newer one on the other show that nothing lies outside.
    const first = fromMs === undefined ? 0 : firstAt(fromMs, treeSize);
    const from = first === 0 ? 0 : blockAt(first - 1).first;
    const past = toMs === undefined ? treeSize : firstAt(toMs, treeSize);
    const to = past === treeSize ? treeSize : endOf(blockAt(past));
    if (from >= to) throw new LedgerError('not_found', 'Cannot prove a time without entries: the log is empty');
    return { from, to, between: { from, to } };
  };

  const headerAt = (block: FoundBlock): BlockHeader => decodeBlock(needs.segments.read(block)).header;

  return {
    open(bounds, { cosigned, witnessed }) {
      const cosignedSize = signedSize(cosigned);
      if (witnessed && cosignedSize === undefined)
        throw new LedgerError(
          'not_found',
          `Cannot prove against a witnessed checkpoint of log ${number}: not enough witnesses have cosigned one`,
        );
      const newest = witnessed ? undefined : publisher.publish();
      const newestSize = witnessed ? (cosignedSize ?? 0) : publisher.publishedSize();
      const found = boundsIn(bounds, newestSize);
      const useCosigned = cosigned !== undefined && cosignedSize !== undefined && found.to <= cosignedSize;
      // A range that ends with the tree claims nothing after it: against an older tree it would have to end there too.
      const treeSize = useCosigned ? cosignedSize : newestSize;
      const levels = completeSubtreesBefore(found.from);
      return {
        ...found,
        left: levels.map(({ level, index: at }) => tree.hashAt(level, at)),
        proof: proveConsistency({ oldSize: found.to, newSize: treeSize, hashAt: tree.hashAt }),
        checkpoint: useCosigned ? cosigned.checkpoint : (newest ?? ''),
        witnessKeys: useCosigned ? cosigned.witnessKeys : [],
      };
    },
    survey(at, until, filter) {
      const wanted = wantedBy(filter);
      const sourceIds = new Set<string>();
      let claimed = 0;
      let plainBytes = 0;
      let readBytes = 0;
      let next = at;
      while (next < until && readBytes < surveyedBytes) {
        const block = blockAt(next);
        const header = headerAt(block);
        readBytes += block.length;
        let here = 0;
        for (let order = 0; order < header.eventCount; order += 1) {
          sourceIds.add(sourceIdIn(header, order));
          if (wanted(header, order)) here += 1;
        }
        claimed += here;
        if (here > 0) plainBytes += header.plainBytes;
        next = endOf(block);
      }
      return { next, claimed, plainBytes, sourceIds: [...sourceIds] };
    },
    slice(at, until, filter) {
      const wanted = wantedBy(filter);
      const entries: StoredRangeEntry[] = [];
      let bytes = 0;
      let next = at;
      while (next < until && bytes < sliceBytes) {
        const block = blockAt(next);
        const header = headerAt(block);
        const orders = Array.from({ length: header.eventCount }, (_, order) => wanted(header, order));
        const events = orders.includes(true) ? needs.openAt(block.first).opened.events : undefined;
        for (const [order, isWanted] of orders.entries()) {
          const leaf = leafIn(header, order);
          const event = events?.at(order);
          if (!isWanted) entries.push({ kind: 'other', leaf });
          else if (event === undefined) entries.push({ kind: 'erased', leaf });
          else entries.push({ kind: 'content', leaf, ...event });
          bytes += leafBytes + (isWanted ? (event?.body.length ?? 0) : 0);
        }
        entries.push({ kind: 'block', leaf: leafIn(header, header.eventCount) });
        next = endOf(block);
      }
      return { next, entries: encodeRangeEntries(entries) };
    },
  };
}

function wantedBy(filter: RangeFilter): (header: BlockHeader, order: number) => boolean {
  const classes = new Set(filter.classes);
  const sourceIds = new Set(filter.sourceIds);
  const { between, time } = filter;
  return (header, order) => {
    const at = header.firstIndex + order;
    if (at < between.from || at >= between.to) return false;
    if (header.receivedAtMs < (time.fromMs ?? 0)) return false;
    if (header.receivedAtMs >= (time.toMs ?? Number.POSITIVE_INFINITY)) return false;
    if (classes.size > 0 && !classes.has(header.leaves.readUInt32BE(order * leafBytes + 8))) return false;
    return sourceIds.size === 0 || sourceIds.has(sourceIdIn(header, order));
  };
}

function leafIn({ leaves }: BlockHeader, order: number): Buffer {
  return leaves.subarray(order * leafBytes, (order + 1) * leafBytes);
}

function sourceIdIn(header: BlockHeader, order: number): string {
  return leafIn(header, order).toString('hex', 12, 28);
}

function endOf(block: FoundBlock): number {
  return block.first + block.eventCount + 1;
}

/** One for each bit of the size, the largest first. */
function completeSubtreesBefore(size: number): { level: number; index: number }[] {
  const subtrees: { level: number; index: number }[] = [];
  let from = 0;
  for (let level = 52; level >= 0; level -= 1) {
    const width = 2 ** level;
    if (size - from < width) continue;
    subtrees.push({ level, index: from / width });
    from += width;
  }
  return subtrees;
}
