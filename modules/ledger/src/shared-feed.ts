import { comparePositions, formatPosition } from '@sallyport/contracts';
import type { Ledger, LedgerRange } from './ledger.ts';

type Feed = Pick<Ledger, 'head' | 'read' | 'waitPast'>;

type Kept = { readonly range: Promise<LedgerRange>; reads: number };

/** Ranges kept for readers that are behind the first one. */
const maxRanges = 4;

/**
 * The feed for several readers that mostly go along side by side: what one of them has read is handed to the others as
 * it is, instead of being read, sent and decoded again for each. A range is forgotten once every reader has had it.
 * Readers must not change what they are given.
 */
export function createSharedFeed(ledger: Feed, readers: number): Feed {
  const ranges = new Map<string, Kept>();

  async function read(key: string, from: Parameters<Feed['read']>[0], limits: Parameters<Feed['read']>[1]) {
    const kept: Kept = { range: ledger.read(from, limits), reads: 1 };
    ranges.set(key, kept);
    for (const oldest of ranges.keys()) {
      if (ranges.size <= maxRanges) break;
      ranges.delete(oldest);
    }
    const forget = (): void => {
      if (ranges.get(key) === kept) ranges.delete(key);
    };
    try {
      const range = await kept.range;
      // At the head there is nothing yet: the next one to ask may find more.
      if (comparePositions(range.to, from) <= 0) forget();
      return range;
    } catch (error) {
      forget();
      throw error;
    }
  }

  return {
    head: () => ledger.head(),
    waitPast: (position, signal) => ledger.waitPast(position, signal),
    read(from, limits) {
      if (limits.until !== undefined) return ledger.read(from, limits);
      const key = `${formatPosition(from)} ${limits.maxEvents} ${limits.maxBytes}`;
      const kept = ranges.get(key);
      if (kept === undefined) return read(key, from, limits);
      kept.reads += 1;
      if (kept.reads >= readers) ranges.delete(key);
      return kept.range;
    },
  };
}
