import { readState } from './read-state.ts';
import type { StateReader } from './read-state.ts';

/**
 * Counts of the commonest values, in bounded memory (space-saving: Metwally, Agrawal, El Abbadi 2005). A count is never too low, and too
 * high by at most total / capacity. When the total reaches `fadeAt`, all counts are halved: what stopped long ago makes room.
 */
export type FrequentValues = {
  /** Counts one more of it, and says how often it was seen before: 0 for a value not held. */
  add(value: string): number;
  count(value: string): number;
  total(): number;
  size(): number;
  /** Commonest first. */
  values(): readonly (readonly [value: string, count: number])[];
  /** Takes a value out, as if it had never been. */
  remove(value: string): boolean;
  state(): string;
};

const model = 'frequent-values';
const version = 1;
const longestValue = 200;

export function createFrequentValues(bounds: { capacity: number; fadeAt: number }, saved?: string): FrequentValues {
  const counts = new Map<string, number>();
  let total = 0;
  if (saved !== undefined) {
    const state: StateReader = readState(saved, model, version);
    const names = state.texts('values', { maxLength: bounds.capacity, maxTextLength: longestValue });
    const held = state.numbers('counts', { maxLength: bounds.capacity, length: names.length, least: 1, most: 1e12 });
    for (const [order, name] of names.entries()) counts.set(name, held[order] ?? 1);
    if (counts.size !== names.length) state.refuse();
    total = state.number('total', 0, 1e12);
  }

  function fade(): void {
    total = 0;
    for (const [value, count] of counts) {
      const half = Math.floor(count / 2);
      if (half < 1) counts.delete(value);
      else counts.set(value, half);
      total += half;
    }
  }

  return {
    add(value) {
      const name = value.slice(0, longestValue);
      const before = counts.get(name) ?? 0;
      if (total >= bounds.fadeAt) fade();
      total += 1;
      if (before > 0) counts.set(name, (counts.get(name) ?? 0) + 1);
      else if (counts.size < bounds.capacity) counts.set(name, 1);
      else {
        const [rarest, least] = rarestOf(counts);
        counts.delete(rarest);
        counts.set(name, least + 1);
      }
      return before;
    },
    count: (value) => counts.get(value.slice(0, longestValue)) ?? 0,
    total: () => total,
    size: () => counts.size,
    values: () => [...counts].toSorted((a, b) => b[1] - a[1]),
    remove(value) {
      const count = counts.get(value.slice(0, longestValue)) ?? 0;
      total = Math.max(0, total - count);
      return counts.delete(value.slice(0, longestValue));
    },
    state: () => JSON.stringify({ model, version, total, values: [...counts.keys()], counts: [...counts.values()] }),
  };
}

/** The first of the rarest: maps keep their order, so every run evicts the same. */
function rarestOf(counts: ReadonlyMap<string, number>): [string, number] {
  let rarest = '';
  let least = Infinity;
  for (const [value, count] of counts) {
    if (count >= least) continue;
    rarest = value;
    least = count;
    if (count === 1) break;
  }
  return [rarest, least];
}
