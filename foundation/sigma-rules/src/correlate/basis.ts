import type { GroupSpace } from './counting.ts';
import { eventName, flat, pairs } from './group-state.ts';
import type { EventPosition } from './group-state.ts';
import type { RowChunk } from './row-store.ts';

/** So many events a finding names, the newest. */
export const maxBasis = 1_000;
/** So many of them are kept of a match that counts on in a chain. */
const maxBelow = 100;

/** The events that rows stand for, and those that matches of a chain rest on in front of them. */
export function basisOf(
  { table }: GroupSpace,
  slot: number,
  chunk: RowChunk,
  places: readonly number[],
): readonly EventPosition[] {
  const bases = table.extraOf(slot)?.bases;
  const found = new Map<string, EventPosition>();
  for (const row of places) {
    const position = { log: chunk.log[row] ?? 0, index: chunk.index[row] ?? 0 };
    const name = eventName(position);
    for (const rest of pairs(bases?.get(name) ?? [])) found.set(eventName(rest), rest);
    found.set(name, position);
  }
  return [...found.values()].slice(-maxBasis);
}

/** Keeps what the match of a chain at `position` rests on, as long as its row is there. */
export function rememberBasis(
  { table, rows }: GroupSpace,
  slot: number,
  position: EventPosition,
  basis: readonly EventPosition[],
): void {
  const extra = table.withExtra(slot);
  extra.bases ??= new Map();
  extra.bases.set(eventName(position), flat(basis.slice(-maxBelow)));
  const { bases } = extra;
  if (bases.size <= 2 * (table.columns.count[slot] ?? 0) + 16) return;
  const span = rows.spanOf(slot);
  const names = new Set<string>();
  for (let row = span?.from ?? 0; row < (span?.to ?? 0); row += 1) {
    names.add(eventName({ log: span?.chunk.log[row] ?? 0, index: span?.chunk.index[row] ?? 0 }));
  }
  for (const name of bases.keys()) if (!names.has(name)) bases.delete(name);
}
