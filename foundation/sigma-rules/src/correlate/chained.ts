import type { GroupSpace } from './counting.ts';
import { eventName } from './group-state.ts';
import type { ChainedCount, EventPosition } from './group-state.ts';
import type { GroupExtra } from './group-table.ts';

/**
 * Keeps where a window counts on that closes with the event at `position` as its newest. Nearly always that is the same for all events of a
 * group, and kept once.
 */
export function rememberChained(
  { table, rows }: GroupSpace,
  slot: number,
  position: EventPosition,
  chained: readonly ChainedCount[],
): void {
  const extra = table.withExtra(slot);
  if (extra.chained.length === 0) extra.chained = chained;
  if (JSON.stringify(extra.chained) === JSON.stringify(chained)) return;
  extra.otherChained ??= new Map();
  const { otherChained } = extra;
  otherChained.set(eventName(position), chained);
  if (otherChained.size <= 2 * (table.columns.count[slot] ?? 0) + 16) return;
  const span = rows.spanOf(slot);
  const names = new Set<string>();
  for (let row = span?.from ?? 0; row < (span?.to ?? 0); row += 1)
    names.add(eventName({ log: span?.chunk.log[row] ?? 0, index: span?.chunk.index[row] ?? 0 }));
  for (const name of otherChained.keys()) if (!names.has(name)) otherChained.delete(name);
}

export function chainedWith(extra: GroupExtra | undefined, position: EventPosition): readonly ChainedCount[] {
  return extra?.otherChained?.get(eventName(position)) ?? extra?.chained ?? [];
}
