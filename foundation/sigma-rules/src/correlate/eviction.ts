import type { Counting } from './counting.ts';
import { sizes } from './group-table.ts';
import type { GroupColumns, GroupShards } from './group-table.ts';

export type Victim = { readonly counting: Counting; readonly slot: number };

/**
 * The group that goes when there are too many. Of groups: the correlation with the most gives, of its smallest the one touched longest ago. Of rows:
 * the one with the most rows gives, of the size that takes the most of them. So whoever floods, with keys or with matches of few keys, displaces
 * himself first. `kept` is passed over.
 */
export function victimOf(
  countings: Iterable<Counting>,
  columns: Pick<GroupColumns, 'following'>,
  kept: number,
  shortOf: 'groups' | 'rows',
): Victim | undefined {
  let largest: Counting | undefined;
  let most = -1;
  for (const counting of countings) {
    const { groups } = counting;
    const amount = shortOf === 'groups' ? groups.groups : rowsOf(groups);
    if (amount <= most) continue;
    largest = counting;
    most = amount;
  }
  if (largest === undefined) return undefined;
  const { groups } = largest;
  const order = Array.from({ length: sizes }, (_, size) => size);
  if (shortOf === 'rows') order.sort((left, right) => rowsOfSize(groups, right) - rowsOfSize(groups, left));
  for (const size of order) {
    const oldest = groups.oldest[size] ?? -1;
    const slot = oldest === kept ? (columns.following[oldest] ?? -1) : oldest;
    if (slot >= 0) return { counting: largest, slot };
  }
  return undefined;
}

function rowsOf(groups: GroupShards): number {
  let rows = 0;
  for (let size = 0; size < sizes; size += 1) rows += rowsOfSize(groups, size);
  return rows;
}

/** As many as groups of the size may have. */
function rowsOfSize({ ofSize }: GroupShards, size: number): number {
  return (ofSize[size] ?? 0) << size;
}
