import { parsePosition } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { Seen, State } from './state.ts';

/** Entries of a log that were erased, half-open by index. */
export type ErasedRange = { readonly log: number; readonly from: number; readonly to: number };

/** Takes out of it what erased events said: how many things. Counts, hours and what others' events say stay. */
export function forgetIn(state: State, isErased: (event: string) => boolean): number {
  const before = sizeOf(state);
  const keep = (list: readonly Seen[]): Seen[] => list.filter(({ event }) => !isErased(event));
  state.browsers = keep(state.browsers);
  state.keys = keep(state.keys);
  state.countries = keep(state.countries);
  state.networks = keep(state.networks);
  state.reasons = state.reasons.filter(({ event }) => !isErased(event));
  state.told = state.told.filter(({ event }) => !isErased(event));
  state.recent = state.recent.filter(({ id }) => !isErased(id.replace('-', '/')));
  if (state.last !== undefined && isErased(state.last.event)) delete state.last;
  const forgotten = before - sizeOf(state);
  if (forgotten === 0) return 0;
  // These hold addresses without saying which event brought them.
  const more = state.failures.length + state.sessions.length;
  state.failures = [];
  state.sessions = [];
  return forgotten + more;
}

function sizeOf({ browsers, keys, countries, networks, reasons, told, recent, last }: State): number {
  const lists = [browsers, keys, countries, networks, reasons, told, recent];
  return lists.reduce((sum, list) => sum + list.length, last === undefined ? 0 : 1);
}

/** Tells whether a position (LOG/INDEX) lies in one of the ranges, of which a day can have tens of thousands. */
export function erasedBy(ranges: readonly ErasedRange[]): (event: string) => boolean {
  const byLog = new Map<number, { from: number; to: number }[]>();
  for (const { log, from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const inLog = byLog.get(log) ?? [];
    inLog.push({ from, to: Math.max(to, inLog.at(-1)?.to ?? 0) });
    byLog.set(log, inLog);
  }
  const isIn = ({ log, index }: Position): boolean => {
    const inLog = byLog.get(log) ?? [];
    let [low, high] = [0, inLog.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((inLog[middle]?.from ?? 0) <= index) low = middle + 1;
      else high = middle;
    }
    return index < (inLog[low - 1]?.to ?? -1);
  };
  return (event) => {
    const position = parsePosition(event);
    return position !== undefined && isIn(position);
  };
}
