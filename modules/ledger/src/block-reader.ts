import { openBlock } from './block-content.ts';
import type { OpenedEvents } from './block-content.ts';
import { decodeBlock } from './block.ts';
import type { BlockHeader } from './block-header.ts';
import { LedgerError } from './errors.ts';
import type { FoundBlock } from './indexed-block.ts';
import type { LogIndex } from './log-index.ts';
import type { LedgerKeys } from './needs.ts';
import type { SegmentFiles } from './segment-files.ts';

export type OpenedBlock = {
  readonly header: BlockHeader;
  /** Undefined when the data key was destroyed. */
  readonly events: OpenedEvents | undefined;
};

/** The block that holds an entry. Throws `not_found` past the end, `ledger_corrupt` when its key is neither there nor destroyed. */
type OpenAt = (at: number) => { readonly block: FoundBlock; readonly opened: OpenedBlock };

export type BlockReader = {
  readonly openAt: OpenAt;
  /** Wipes what was opened under keys that were destroyed. */
  forget(dataKeyIds: ReadonlySet<string>): void;
};

const cachedBlockBytes = 48 * 1024 * 1024;

/** Reads and opens blocks of one log, and keeps those read last. */
export function createBlockReader(needs: {
  readonly number: number;
  readonly origin: string;
  readonly vault: Pick<LedgerKeys, 'findKey' | 'isDestroyed'>;
  readonly index: Pick<LogIndex, 'blockAt'>;
  readonly segments: Pick<SegmentFiles, 'read'>;
}): BlockReader {
  const { number, origin, vault, index, segments } = needs;
  const cache = new Map<number, OpenedBlock & { readonly cost: number }>();
  let cachedBytes = 0;

  const drop = (first: number): void => {
    // What it was counted with: a block that was let go of is shorter now.
    cachedBytes -= cache.get(first)?.cost ?? 0;
    cache.delete(first);
  };

  const openAt: OpenAt = (at) => {
    const block = index.blockAt(at);
    if (block === undefined)
      throw new LedgerError('not_found', `Cannot read entry ${number}/${at}: the log ends before it`);
    const known = cache.get(block.first);
    // What was opened before its key was destroyed is not given out any more.
    if (known !== undefined && !(known.events !== undefined && vault.isDestroyed(known.header.dataKeyId)))
      return { block, opened: known };
    const { header, ciphertext } = decodeBlock(segments.read(block));
    const { dataKeyId } = header;
    const key = vault.findKey(dataKeyId);
    if (key === undefined && !vault.isDestroyed(dataKeyId)) {
      throw new LedgerError('ledger_corrupt', `Cannot read entry ${number}/${at}: key "${dataKeyId}" is missing`, {
        hint: 'put back the vault that belongs to this ledger: a key that was destroyed leaves a record there',
      });
    }
    // Only what nothing could open was let go of.
    if (key !== undefined && ciphertext === undefined)
      throw new LedgerError(
        'ledger_corrupt',
        `Cannot read entry ${number}/${at}: its block was emptied under a live key`,
        {
          hint: 'put back the segment from the archive or a backup',
        },
      );
    const events =
      key === undefined || ciphertext === undefined
        ? undefined
        : openBlock({ header, ciphertext }, { logId: origin, dataKey: key.bytes });
    const opened = { header, events, cost: header.plainBytes + block.length };
    drop(block.first);
    cache.set(block.first, opened);
    cachedBytes += opened.cost;
    for (const first of cache.keys()) {
      if (cachedBytes <= cachedBlockBytes || first === block.first) break;
      drop(first);
    }
    return { block, opened };
  };

  return {
    openAt,
    forget(dataKeyIds) {
      for (const [first, old] of cache) {
        if (!dataKeyIds.has(old.header.dataKeyId)) continue;
        old.events?.wipe();
        drop(first);
      }
    },
  };
}
