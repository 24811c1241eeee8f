import { comparePositions, formatPosition } from '@sallyport/contracts';
import type { LedgerEvent } from '@sallyport/ledger';
import type { ErasedRows } from './erased-rows.ts';
import { EventSearchError } from './errors.ts';
import type { EventStore } from './event-store.ts';
import type { HistoryMapper } from './history/history-mapper.ts';
import { asSealed } from './history/history-record.ts';
import { insertBytes } from './insert-size.ts';
import type { Range, RangeJournal } from './range-journal.ts';

/** Brings the store to hold exactly `events` in `range`, from whatever it holds there now; those of history as they are to be shown. */
export type RangeWriter = {
  write(range: Range, events: readonly LedgerEvent[], isFresh: boolean): Promise<void>;
  /** Rows for events that have none; `token` names this insert, and no other ever. */
  insert(events: readonly LedgerEvent[], token: string): Promise<void>;
};

const maxChunkEvents = 50_000;

export function createRangeWriter(needs: {
  store: Pick<EventStore, 'insert' | 'extent' | 'remove'>;
  journal: RangeJournal;
  mapper?: HistoryMapper | undefined;
  erasedRows?: Pick<ErasedRows, 'changed'> | undefined;
  /** Of the store; by default what it has by default. */
  memoryLimitBytes?: number | undefined;
}): RangeWriter {
  const { store, journal, mapper } = needs;
  const maxChunkBytes = insertBytes(needs.memoryLimitBytes);

  /** Positions and order stay, so that nothing else has to know. */
  async function shown(events: readonly LedgerEvent[]): Promise<readonly LedgerEvent[]> {
    const [first] = events;
    if (mapper === undefined || first === undefined) return events;
    const history = await journal.history.read();
    if (history === undefined || history.mappings === asSealed) return events;
    const isOld = ({ position }: LedgerEvent): boolean => comparePositions(position, history.until) < 0;
    if (!isOld(first)) return events;
    const mapped = await mapper.map(events.filter(isOld));
    if (mapped.kept > 0) await journal.history.countKept(mapped.kept);
    return [...mapped.events, ...events.filter((event) => !isOld(event))];
  }

  async function isComplete(range: Range, events: readonly LedgerEvent[]): Promise<'complete' | 'empty' | 'partial'> {
    const { rows, positions } = await store.extent(range);
    if (rows === 0 && events.length > 0) return 'empty';
    return rows === events.length && positions === events.length ? 'complete' : 'partial';
  }

  const insert: RangeWriter['insert'] = async (events, token) => {
    if (events.some(({ body }) => body === undefined)) needs.erasedRows?.changed();
    for (const [at, chunk] of chunks(await shown(events), maxChunkBytes).entries())
      await store.insert(chunk, `${token}/${at}`);
  };

  return {
    insert,
    /** A fresh range has never been begun before, so the store need not be asked first. Throws `range_incomplete` when rows are missing after all. */
    async write(range, events, isFresh) {
      let { removals } = await journal.read();
      if (!isFresh) {
        const found = await isComplete(range, events);
        if (found === 'complete') return;
        if (found === 'partial') {
          removals = await journal.countRemoval();
          await store.remove(range);
        }
      }
      const token = `${formatPosition(range.from)}-${formatPosition(range.to)}/${removals}`;
      await insert(events, token);
      if ((await isComplete(range, events)) === 'complete') return;
      throw new EventSearchError(
        'range_incomplete',
        `Cannot finish range ${formatPosition(range.from)} to ${formatPosition(range.to)}: the store must hold ${events.length} rows there`,
      );
    },
  };
}

/** Cut by size, always at the same places for the same events: the token of a chunk is its number. */
function chunks(events: readonly LedgerEvent[], maxChunkBytes: number): LedgerEvent[][] {
  const result: LedgerEvent[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const event of events) {
    const size = event.body?.byteLength ?? 0;
    let last = result.at(-1);
    if (last === undefined || bytes + size > maxChunkBytes || last.length >= maxChunkEvents) {
      last = [];
      result.push(last);
      bytes = 0;
    }
    last.push(event);
    bytes += size;
  }
  return result;
}
