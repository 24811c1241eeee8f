import { comparePositions } from '@sallyport/contracts';
import type { Ledger, LedgerEvent } from '@sallyport/ledger';
import type { ClosedBounds } from './bounds.ts';
import { EventSearchError } from './errors.ts';
import { maxRangesAtOnce, type EventStore } from './event-store.ts';
import type { RangeJournal } from './range-journal.ts';
import type { RangeWriter } from './range-writer.ts';

const maxHeldEvents = 20_000;
const maxHeldBytes = 16 * 1024 * 1024;

/**
 * Makes the rows of these ranges anew from what the ledger gives out now, which is less than it was: of events whose key was
 * destroyed a row without content. All other rows stay untouched. A kill in between leaves rows missing, which the next start
 * repairs from the same ledger. Gives how many rows were written.
 */
export async function rewriteRanges(
  needs: {
    readonly store: EventStore;
    readonly journal: RangeJournal;
    readonly writer: RangeWriter;
    readonly ledger: Pick<Ledger, 'read'>;
  },
  ranges: readonly ClosedBounds[],
): Promise<number> {
  const { store, journal, writer, ledger } = needs;
  const token = `forget/${await journal.countRemoval()}`;
  await store.removeAll(ranges);
  let held: LedgerEvent[] = [];
  let heldBytes = 0;
  let written = 0;
  let part = 0;
  const flush = async (): Promise<void> => {
    if (held.length > 0) await writer.insert(held, `${token}/${part}`);
    part += 1;
    written += held.length;
    held = [];
    heldBytes = 0;
  };
  for (const { from, to } of ranges) {
    for (let at = from; comparePositions(at, to) < 0;) {
      const read = await ledger.read(at, { maxEvents: 4096, maxBytes: 8 * 1024 * 1024, until: to });
      for (const event of read.events) {
        held.push(event);
        heldBytes += event.body?.byteLength ?? 0;
      }
      if (held.length >= maxHeldEvents || heldBytes >= maxHeldBytes) await flush();
      if (comparePositions(read.to, at) <= 0) break;
      at = read.to;
    }
  }
  await flush();
  const found = await store.countAll(ranges);
  if (found === written) return written;
  throw new EventSearchError(
    'range_incomplete',
    `Cannot forget: the store must hold ${written} rows in these ranges, it holds ${found}`,
  );
}

/** What may be removed by one statement. */
export function portions(ranges: readonly ClosedBounds[]): ClosedBounds[][] {
  const result: ClosedBounds[][] = [];
  for (let at = 0; at < ranges.length; at += maxRangesAtOnce) result.push(ranges.slice(at, at + maxRangesAtOnce));
  return result;
}
