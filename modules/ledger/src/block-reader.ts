import { decodeBlock, openBlock } from './block.ts';
import type { BlockHeader } from './block.ts';
import { LedgerError } from './errors.ts';
import type { IndexedBlock, LogIndex } from './log-index.ts';
import type { LedgerKeys } from './needs.ts';
import type { SegmentFiles } from './segment-files.ts';

export type OpenedBlock = {
  readonly header: BlockHeader;
  /** Undefined when the data key was destroyed. */
  readonly events: readonly { readonly salt: Buffer; readonly body: Buffer }[] | undefined;
};

/** The block that holds an entry. Throws `not_found` past the end, `ledger_corrupt` when its key is neither there nor destroyed. */
export type BlockReader = (at: number) => { readonly block: IndexedBlock; readonly opened: OpenedBlock };

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
  const cache = new Map<number, OpenedBlock>();
  let cachedBytes = 0;

  return (at) => {
    const block = index.blockAt(at);
    if (block === undefined)
      throw new LedgerError('not_found', `Cannot read entry ${number}/${at}: the log ends before it`);
    const known = cache.get(block.first);
    // What was opened before its key was destroyed is not given out any more.
    if (known !== undefined && !(known.events !== undefined && vault.isDestroyed(known.header.dataKeyId)))
      return { block, opened: known };
    const decoded = decodeBlock(segments.read(block));
    const { dataKeyId } = decoded.header;
    const key = vault.findKey(dataKeyId);
    if (key === undefined && !vault.isDestroyed(dataKeyId)) {
      throw new LedgerError('ledger_corrupt', `Cannot read entry ${number}/${at}: key "${dataKeyId}" is missing`, {
        hint: 'put back the vault that belongs to this ledger: a key that was destroyed leaves a record there',
      });
    }
    const events = key === undefined ? undefined : openBlock(decoded, { logId: origin, dataKey: key.bytes });
    const opened = { header: decoded.header, events };
    if (known !== undefined) cachedBytes -= known.header.plainBytes + block.length;
    cache.set(block.first, opened);
    cachedBytes += decoded.header.plainBytes + block.length;
    for (const [first, old] of cache) {
      if (cachedBytes <= cachedBlockBytes || first === block.first) break;
      cache.delete(first);
      cachedBytes -= old.header.plainBytes + (index.blockAt(first)?.length ?? 0);
    }
    return { block, opened };
  };
}
