import type { CorrelationBound, CorrelationBranch } from '../correlation.ts';
import type { CorrelationDefinition } from './definition.ts';
import type { RowChunk } from './row-store.ts';
import { followBranches, followChains, followDistinct, followSum } from './span-follower.ts';
import type { SpanFollower } from './span-follower.ts';

/** What was counted of a window before its rows were let go. */
export type Folded = { readonly count: number; readonly sum: number };

/** Whether a condition holds for rows [from, to) of a chunk, which are in order, and which of them it rests on. */
export type Measure = {
  holds(chunk: RowChunk, from: number, to: number, folded?: Folded): boolean;
  /** Rows the condition rests on, in order. Only for rows for which it holds. */
  basis(chunk: RowChunk, from: number, to: number): number[];
  /** For a timespan that moves. What it lets pass, `holds` decides. */
  follow?(): SpanFollower;
};

export function measureOf(definition: CorrelationDefinition): Measure {
  const { type, condition, ruleIds, percentile } = definition;
  if (condition.kind === 'rules') {
    return type === 'temporal_ordered' ? orderedBranches(condition.branches) : branchesOf(condition.branches);
  }
  const { bounds } = condition;
  switch (type) {
    case 'event_count':
      return numeric(bounds, (_, from, to, folded) => to - from + (folded?.count ?? 0));
    case 'value_count':
      return distinct(bounds, 'value');
    case 'temporal':
      return distinct(bounds, 'rule');
    case 'temporal_ordered':
      return orderedBranches([{ all: ruleIds.map((_, place) => place), none: [] }]);
    case 'value_sum':
      return {
        ...numeric(bounds, (chunk, from, to, folded) => sumOf(chunk, from, to) + (folded?.sum ?? 0)),
        follow: () => followSum((sum) => satisfies(sum, bounds)),
      };
    case 'value_avg':
      return numeric(
        bounds,
        (chunk, from, to, folded) => (sumOf(chunk, from, to) + (folded?.sum ?? 0)) / (to - from + (folded?.count ?? 0)),
      );
    case 'value_median':
      return numeric(bounds, medianOf);
    case 'value_percentile':
      return percentile === undefined
        ? shares(bounds)
        : numeric(bounds, (chunk, from, to) => percentileOf(chunk, from, to, percentile));
  }
}

export function satisfies(number: number, bounds: readonly CorrelationBound[]): boolean {
  return bounds.every((bound) => satisfiesOne(number, bound));
}

function satisfiesOne(number: number, { operator, number: bound }: CorrelationBound): boolean {
  switch (operator) {
    case 'gt':
      return number > bound;
    case 'gte':
      return number >= bound;
    case 'lt':
      return number < bound;
    case 'lte':
      return number <= bound;
    case 'eq':
      return number === bound;
    case 'neq':
      return number !== bound;
  }
}

function all(_: RowChunk, from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

function numeric(
  bounds: readonly CorrelationBound[],
  numberOf: (chunk: RowChunk, from: number, to: number, folded: Folded | undefined) => number,
): Measure {
  return { holds: (chunk, from, to, folded) => satisfies(numberOf(chunk, from, to, folded), bounds), basis: all };
}

function sumOf({ value }: RowChunk, from: number, to: number): number {
  let sum = 0;
  for (let row = from; row < to; row += 1) sum += value[row] ?? 0;
  return sum;
}

/** The middle value, or the mean of the two in the middle. */
function medianOf({ value }: RowChunk, from: number, to: number): number {
  const sorted = value.slice(from, to).toSorted();
  const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === high ? low : (low + high) / 2;
}

/** Nearest rank: the least value that at least so many per cent of all do not exceed. */
function percentileOf({ value }: RowChunk, from: number, to: number, percentile: number): number {
  const sorted = value.slice(from, to).toSorted();
  return sorted[Math.max(0, Math.ceil((percentile / 100) * sorted.length) - 1)] ?? 0;
}

/** A number of different values, or rules. It rests on the newest match of each. */
function distinct(bounds: readonly CorrelationBound[], column: 'value' | 'rule'): Measure {
  const seen = new Set<number>();
  return {
    holds(chunk, from, to) {
      seen.clear();
      for (let row = from; row < to; row += 1) seen.add(chunk[column][row] ?? 0);
      return satisfies(seen.size, bounds);
    },
    basis(chunk, from, to) {
      const newest = new Map<number, number>();
      for (let row = from; row < to; row += 1) newest.set(chunk[column][row] ?? 0, row);
      return [...newest.values()].toSorted((a, b) => a - b);
    },
    follow: () => followDistinct(column, (different) => satisfies(different, bounds)),
  };
}

/** The share of each value among all matches of the window, in per cent: one that satisfies the condition is enough. */
function shares(bounds: readonly CorrelationBound[]): Measure {
  function counted({ value }: RowChunk, from: number, to: number): ReadonlyMap<number, number> {
    const counts = new Map<number, number>();
    for (let row = from; row < to; row += 1) counts.set(value[row] ?? 0, (counts.get(value[row] ?? 0) ?? 0) + 1);
    return counts;
  }
  const fits = (count: number, of: number): boolean => satisfies((count * 100) / of, bounds);
  return {
    holds: (chunk, from, to) =>
      // The command line runs on Node 20 too, whose iterators have no methods of their own.
      Array.from(counted(chunk, from, to).values()).some((count) => fits(count, to - from)),
    basis(chunk, from, to) {
      const counts = counted(chunk, from, to);
      return all(chunk, from, to).filter((row) => fits(counts.get(chunk.value[row] ?? 0) ?? 0, to - from));
    },
  };
}

function branchesOf(branches: readonly CorrelationBranch[]): Measure {
  const present = new Uint8Array(256);
  function holding({ rule }: RowChunk, from: number, to: number): CorrelationBranch | undefined {
    present.fill(0);
    for (let row = from; row < to; row += 1) present[rule[row] ?? 0] = 1;
    return branches.find(
      (branch) =>
        branch.all.every((place) => present[place] === 1) && branch.none.every((place) => present[place] === 0),
    );
  }
  return {
    holds: (chunk, from, to) => holding(chunk, from, to) !== undefined,
    basis(chunk, from, to) {
      const branch = holding(chunk, from, to);
      const newest = new Map<number, number>();
      for (let row = from; row < to; row += 1) newest.set(chunk.rule[row] ?? 0, row);
      return (branch?.all ?? []).flatMap((place) => newest.get(place) ?? []).toSorted((a, b) => a - b);
    },
    follow: () => followBranches(branches),
  };
}

/** Rules in the order in which they are listed, each by a later event than the one before. */
function orderedBranches(branches: readonly CorrelationBranch[]): Measure {
  function chainOf(
    { all: places, none }: CorrelationBranch,
    chunk: RowChunk,
    from: number,
    to: number,
  ): number[] | undefined {
    const chain: number[] = [];
    let place = places.length - 1;
    for (let row = to - 1; row >= from; row -= 1) {
      const rule = chunk.rule[row] ?? 0;
      if (none.length > 0 && none.includes(rule)) return undefined;
      const after = chain[0];
      if (place < 0 || rule !== places[place] || (after !== undefined && isSameEvent(chunk, row, after))) continue;
      chain.unshift(row);
      place -= 1;
      if (place < 0 && none.length === 0) break;
    }
    return place < 0 ? chain : undefined;
  }
  return {
    holds: (chunk, from, to) => branches.some((branch) => chainOf(branch, chunk, from, to) !== undefined),
    basis(chunk, from, to) {
      for (const branch of branches) {
        const chain = chainOf(branch, chunk, from, to);
        if (chain !== undefined) return chain;
      }
      return [];
    },
    follow: () => followChains(branches),
  };
}

function isSameEvent({ index, log }: RowChunk, left: number, right: number): boolean {
  return index[left] === index[right] && log[left] === log[right];
}
