import type { Position } from '@sallyport/contracts';

/** Entries of a log that were erased, half-open by index. */
export type ErasedRange = { readonly log: number; readonly from: number; readonly to: number };

/** Tells whether a position lies in one of the ranges, of which a day can have tens of thousands. */
export function erasedBy(ranges: readonly ErasedRange[]): (position: Position) => boolean {
  /** By beginning; `to` is the furthest end up to there, so that ranges may overlap. */
  const byLog = new Map<number, { from: number; to: number }[]>();
  for (const { log, from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const inLog = byLog.get(log) ?? [];
    inLog.push({ from, to: Math.max(to, inLog.at(-1)?.to ?? 0) });
    byLog.set(log, inLog);
  }
  return ({ log, index }) => {
    const inLog = byLog.get(log) ?? [];
    // The last range that begins at or before it.
    let [low, high] = [0, inLog.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((inLog[middle]?.from ?? 0) <= index) low = middle + 1;
      else high = middle;
    }
    return index < (inLog[low - 1]?.to ?? -1);
  };
}
