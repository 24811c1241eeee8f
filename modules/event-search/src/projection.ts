import { comparePositions, formatPosition } from '@sallyport/contracts';
import type { Ledger, Projection } from '@sallyport/ledger';
import { EventSearchError } from './errors.ts';
import type { EventStore } from './event-store.ts';
import type { RangeJournal } from './range-journal.ts';
import { createRangeWriter } from './range-writer.ts';
import { repair } from './repair.ts';

/**
 * Keeps the store equal to the ledger, exactly once by position, through a kill of server or store at any moment:
 * a range is written down in the control database, inserted, counted, and struck out together with the cursor's move.
 * A range found begun is compared with the store first: complete, it is only committed; empty, inserted; in between, removed
 * and inserted. `load` also repairs what the store lost or has too much.
 */
export function createSearchProjection(needs: {
  store: EventStore;
  journal: RangeJournal;
  ledger: Pick<Ledger, 'countEvents' | 'read'>;
  log: (message: string) => void;
}): Projection {
  const { journal } = needs;
  const writer = createRangeWriter(needs);
  return {
    name: 'event-search',
    async load(head) {
      const { cursor, begun } = await journal.read();
      // A range that was begun against a ledger that held more: its events are not there to be read again.
      const isBegun =
        begun !== undefined && comparePositions(begun.to, head) <= 0 && comparePositions(begun.from, cursor) === 0;
      if (begun !== undefined && !isBegun) await journal.commit(cursor);
      const repaired = await repair({ ...needs, writer }, { cursor, head, ...(isBegun && { begun }) });
      if (comparePositions(repaired, cursor) === 0) return isBegun ? { cursor, unfinished: begun } : { cursor };
      await journal.commit(repaired);
      return { cursor: repaired };
    },
    async apply(range) {
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
    },
  };
}
