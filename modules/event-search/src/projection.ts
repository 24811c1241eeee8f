import { comparePositions, formatPosition, type Position } from '@sallyport/contracts';
import type { Ledger, LedgerEvent, LedgerRange, Projection } from '@sallyport/ledger';
import { createTurns } from '@sallyport/platform/turns';
import type { ClosedBounds } from './bounds.ts';
import type { ErasedRows } from './erased-rows.ts';
import { EventSearchError } from './errors.ts';
import { portions, rewriteRanges } from './forget-ranges.ts';
import type { EventStore } from './event-store.ts';
import type { HistoryMapper } from './history/history-mapper.ts';
import { asSealed } from './history/history-record.ts';
import type { RangeJournal } from './range-journal.ts';
import { createRangeWriter } from './range-writer.ts';
import { repair } from './repair.ts';

/**
 * Keeps the store equal to the ledger, exactly once by position, through a kill of server or store at any moment:
 * a range is written down in the control database, inserted, counted, and struck out together with the cursor's move.
 * A range found begun is compared with the store first: complete, it is only committed; empty, inserted; in between, removed
 * and inserted. `load` also repairs what the store lost or has too much.
 * When history is to be shown by other mappings, the store is emptied and filled again in the same way: a kill at any moment leaves a
 * cursor to go on from. With mappings that changed meanwhile it begins once more.
 */
export type SearchProjection = Projection & {
  /**
   * Makes the rows of these ranges what the ledger gives out now. Where the projection has not been yet, what it was handed before
   * is read again when it comes. Throws when it could not be finished: call again. Gives how many rows were written.
   */
  forget(ranges: readonly ClosedBounds[]): Promise<number>;
};

export function createSearchProjection(needs: {
  store: EventStore;
  journal: RangeJournal;
  ledger: Pick<Ledger, 'countEvents' | 'read'>;
  log: (message: string) => void;
  /** Maps history when that was asked for; without it, everything is shown as it was sealed. */
  mapper?: HistoryMapper | undefined;
  erasedRows?: ErasedRows | undefined;
  /** Of the store; by default what it has by default. */
  memoryLimitBytes?: number | undefined;
}): SearchProjection {
  const { journal, store, mapper, log } = needs;
  const inTurn = createTurns();
  /** Erased since, and not passed by the cursor: a range read before still holds what they said. */
  let ahead: ClosedBounds[] = [];
  const writer = createRangeWriter(needs);

  /** Empties the store when it is to be filled otherwise than it was. */
  async function beginAgainIfAsked(head: Position): Promise<void> {
    const history = await journal.history.read();
    if (history === undefined || history.state === 'done') return;
    const mappings = history.mappings === asSealed || mapper === undefined ? asSealed : mapper.fingerprint;
    if (history.state === 'running' && history.mappings === mappings) return;
    log(
      `event-search is filled again up to ${formatPosition(head)}: history is shown ${mappings === asSealed ? 'as it was sealed' : "by today's mappings"}`,
    );
    await journal.countRemoval();
    await store.remove({ from: { log: 0, index: 0 } });
    await journal.beginAgain({ until: head, mappings });
  }

  async function finishAt(cursor: Position): Promise<void> {
    const history = await journal.history.read();
    if (history?.state !== 'running' || comparePositions(cursor, history.until) < 0) return;
    await journal.history.finish();
    await mapper?.rest();
    log(
      `event-search shows history up to ${formatPosition(history.until)} anew; ${history.kept} events were left as sealed`,
    );
  }

  return {
    name: 'event-search',
    load: (head) => inTurn(() => load(head)),
    apply: (range) => inTurn(async () => apply(await asTheyAreNow(range))),
    async forget(ranges) {
      ahead = [...ahead, ...ranges];
      let written = 0;
      for (const portion of portions(ranges)) written += await inTurn(() => forgetNow(portion));
      return written;
    },
  };

  async function load(head: Position): ReturnType<Projection['load']> {
    await beginAgainIfAsked(head);
    const { cursor, begun } = await journal.read();
    await finishAt(cursor);
    // A range that was begun against a ledger that held more: its events are not there to be read again.
    const isBegun =
      begun !== undefined && comparePositions(begun.to, head) <= 0 && comparePositions(begun.from, cursor) === 0;
    if (begun !== undefined && !isBegun) await journal.commit(cursor);
    const repaired = await repair({ ...needs, writer }, { cursor, head, ...(isBegun && { begun }) });
    if (comparePositions(repaired, cursor) === 0) return isBegun ? { cursor, unfinished: begun } : { cursor };
    await journal.commit(repaired);
    return { cursor: repaired };
  }

  async function apply(range: LedgerRange): Promise<void> {
    const history = await journal.history.read();
    if (history?.state === 'asked')
      throw new EventSearchError('history_asked', 'Cannot go on: the store is to be filled again from the first event');
    const { cursor, begun } = await journal.read();
    const { from, to, events } = range;
    if (comparePositions(from, cursor) !== 0 || (begun !== undefined && comparePositions(to, begun.to) !== 0)) {
      const wanted =
        begun === undefined
          ? `from ${formatPosition(cursor)}`
          : `from ${formatPosition(begun.from)} to ${formatPosition(begun.to)}`;
      throw new EventSearchError(
        'range_mismatch',
        `Cannot apply range ${formatPosition(from)} to ${formatPosition(to)}: must be ${wanted}`,
      );
    }
    if (events.length > 0) {
      if (begun === undefined) await journal.begin({ from, to });
      await writer.write({ from, to }, events, begun === undefined);
    } else if (begun !== undefined) {
      await writer.write({ from, to }, events, false);
    }
    await journal.commit(to);
    if (history?.state === 'running') await finishAt(to);
    if (ahead.length > 0) ahead = ahead.filter((erased) => comparePositions(erased.to, to) > 0);
  }

  async function forgetNow(ranges: readonly ClosedBounds[]): Promise<number> {
    const { cursor, begun } = await journal.read();
    // Of a range begun and not finished some rows may be there.
    const end = begun?.to ?? cursor;
    const there = ranges.flatMap(({ from, to }) => {
      if (comparePositions(from, end) >= 0) return [];
      return [{ from, to: comparePositions(to, end) > 0 ? end : to }];
    });
    const written = there.length === 0 ? 0 : await rewriteRanges({ ...needs, writer }, there);
    needs.erasedRows?.changed();
    ahead = ahead.filter((erased) => comparePositions(erased.to, cursor) > 0);
    return written;
  }

  /** A range read before something in it was erased is read again. */
  async function asTheyAreNow(range: LedgerRange): Promise<LedgerRange> {
    const { from, to } = range;
    if (!ahead.some((erased) => comparePositions(erased.from, to) < 0 && comparePositions(from, erased.to) < 0))
      return range;
    const events: LedgerEvent[] = [];
    for (let at = from; comparePositions(at, to) < 0;) {
      const read = await needs.ledger.read(at, { maxEvents: 10_000, maxBytes: 8 * 1024 * 1024, until: to });
      if (comparePositions(read.to, at) <= 0) break;
      events.push(...read.events);
      at = read.to;
    }
    return { from, to, events };
  }
}
