import type { Position } from '@sallyport/contracts';
import type { Database } from '@sallyport/platform/database';
import { alertOrigins, forgetEntities } from './alert-store.ts';

/** Entries of a log that were erased, half-open by index. */
export type ErasedRange = { readonly log: number; readonly from: number; readonly to: number };

/**
 * Takes who and where from alerts whose finding was erased, or the event it was about: the finding is a copy of that. The alert
 * itself, its rule, times and states stay. May be repeated; gives the alerts that were changed.
 */
export async function forgetAlerts(database: Database, ranges: readonly ErasedRange[]): Promise<readonly string[]> {
  const byLog = Map.groupBy(
    ranges.toSorted((a, b) => a.from - b.from),
    ({ log }) => log,
  );
  const isErased = ({ log, index }: Position): boolean => {
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
  const changed: string[] = [];
  for (let after = 0, more = true; more;) {
    const page = await alertOrigins(database, after);
    for (const { id, finding, input } of page) {
      if (!isErased(finding) && !isErased(input)) continue;
      await forgetEntities(database, id);
      changed.push(id);
    }
    after = page.at(-1)?.number ?? after;
    more = page.length > 0;
  }
  return changed;
}
