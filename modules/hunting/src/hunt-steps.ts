import { codeOf } from '@sallyport/platform/errors';
import type { CandidatePage, EventFilter, RowScan } from '@sallyport/event-search';
import type { RowNeed } from '@sallyport/sigma-rules/sql';
import type { Hunt } from './hunt.ts';

/** A part of what is kept, read. `next` is where the part after it begins; `skipped`: an event too large to be read. */
export type ReadPart = Pick<CandidatePage, 'rows' | 'lookedAt' | 'bytes'> & {
  readonly next: Hunt['at'];
  readonly skipped: number;
};

const firstLength = 20_000;
const longest = 8_000_000;
const mostRows = 4000;
const partMs = 800;

/**
 * Reads ranges in parts that take the store about a second each, so that whoever waits behind one does not wait long: longer ones where
 * little is found, shorter ones where the store says that it was too much. One part is read ahead while its forerunner is looked at.
 */
export async function* readParts(needs: {
  readonly rows: Pick<RowScan, 'candidates'>;
  readonly filter: EventFilter;
  readonly ranges: Hunt['ranges'];
  readonly from: Hunt['at'];
  /** Undefined: every event is read. */
  readonly wanted: readonly RowNeed[] | undefined;
  readonly monotonicMs: () => number;
}): AsyncGenerator<ReadPart, void> {
  let length = firstLength;
  let maxRows = mostRows;

  async function read(at: Hunt['at']): Promise<ReadPart | undefined> {
    const range = needs.ranges[at.range];
    if (range === undefined) return undefined;
    for (;;) {
      const to = Math.min(range.to, at.index + length);
      const startMs = needs.monotonicMs();
      try {
        const asked = { filter: needs.filter, log: range.log, from: at.index, to, needs: needs.wanted, maxRows };
        const { rows, lookedAt, bytes, through } = await needs.rows.candidates(asked);
        const ratio = partMs / Math.max(1, needs.monotonicMs() - startMs);
        if (through === to || ratio < 1) length = clamp(length * Math.min(4, Math.max(0.25, ratio)), 1000, longest);
        maxRows = Math.min(mostRows, maxRows * 2);
        return { rows, lookedAt, bytes, next: after(at.range, through), skipped: 0 };
      } catch (error) {
        const code = codeOf(error);
        if (code !== 'query_timeout' && code !== 'query_too_large') throw error;
        if (length <= 1) return { rows: [], lookedAt: 1, bytes: 0, next: after(at.range, at.index + 1), skipped: 1 };
        length = Math.max(1, Math.floor(length / 8));
        maxRows = Math.max(1, Math.floor(maxRows / 8));
      }
    }
  }

  function after(range: number, index: number): Hunt['at'] {
    if (index < (needs.ranges[range]?.to ?? 0)) return { range, index };
    return { range: range + 1, index: needs.ranges[range + 1]?.from ?? 0 };
  }

  let reading = read(needs.from);
  for (;;) {
    const part = await reading;
    if (part === undefined) return;
    reading = read(part.next);
    // Told when it is waited for; whoever stops before then does not care.
    reading.catch(() => undefined);
    yield part;
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.floor(Math.min(most, Math.max(least, value)));
}
