import type { CorrelationBranch } from '../correlation.ts';
import type { RowChunk } from './row-store.ts';

/**
 * Goes along with a timespan that moves forward, row by row, so that looking at every place of it costs each row once and not once a
 * place: whoever sends events in the wrong order would otherwise make each of them cost the square of the group.
 */
export type SpanFollower = {
  add(chunk: RowChunk, row: number): void;
  drop(chunk: RowChunk, row: number): void;
  /** False: the condition does not hold for the rows that are in. */
  mayHold(): boolean;
};

/** How many different values, or rules, are in. */
export function followDistinct(column: 'value' | 'rule', isEnough: (different: number) => boolean): SpanFollower {
  const counts = new Map<number, number>();
  return {
    add(chunk, row) {
      const value = chunk[column][row] ?? 0;
      counts.set(value, (counts.get(value) ?? 0) + 1);
    },
    drop(chunk, row) {
      const value = chunk[column][row] ?? 0;
      const left = (counts.get(value) ?? 0) - 1;
      if (left > 0) counts.set(value, left);
      else counts.delete(value);
    },
    mayHold: () => isEnough(counts.size),
  };
}

/** Whether every rule of some branch is in, in whatever order. */
export function followBranches(branches: readonly CorrelationBranch[]): SpanFollower {
  const counts = new Uint16Array(1 + Math.max(-1, ...branches.flatMap(({ all }) => all)));
  const change = (place: number, by: number): void => {
    // Rules that no branch asks for are past the end, where writing does nothing.
    counts[place] = (counts[place] ?? 0) + by;
  };
  return {
    add: (chunk, row) => change(chunk.rule[row] ?? 0, 1),
    drop: (chunk, row) => change(chunk.rule[row] ?? 0, -1),
    mayHold: () => branches.some((branch) => branch.all.every((place) => (counts[place] ?? 0) > 0)),
  };
}

/**
 * Whether the rules of some branch stand one behind the other, each by a later event. Exact: for each number of rules of a branch it is known where
 * the chain of them begins that begins last; a later event goes on with that one as well as with any other, and the chain is in as long as its
 * first row is.
 */
export function followChains(branches: readonly CorrelationBranch[]): SpanFollower {
  const chains = branches.map(({ all: places }) => ({
    places,
    /** By rows before the event at hand, and with it. */
    before: new Int32Array(places.length).fill(-1),
    latest: new Int32Array(places.length).fill(-1),
  }));
  let begin = 0;
  let log = -1;
  let index = -1;
  return {
    add(chunk, row) {
      const isLater = chunk.index[row] !== index || chunk.log[row] !== log;
      log = chunk.log[row] ?? 0;
      index = chunk.index[row] ?? 0;
      const rule = chunk.rule[row] ?? 0;
      for (const { places, before, latest } of chains) {
        if (isLater) before.set(latest);
        for (let place = 0; place < places.length; place += 1) {
          if (places[place] !== rule) continue;
          latest[place] = Math.max(latest[place] ?? -1, place === 0 ? row : (before[place - 1] ?? -1));
        }
      }
    },
    drop(_, row) {
      begin = row + 1;
    },
    mayHold: () => chains.some(({ latest }) => latest.length === 0 || (latest.at(-1) ?? -1) >= begin),
  };
}

/** More than sums of rounded numbers can be off by. */
const slack = 1 + 1e-9;

/** Whether the sum can be reached at all: by the sizes of all numbers that were in, which no rounding and no sign makes less than their sum. */
export function followSum(isEnough: (sum: number) => boolean): SpanFollower {
  let sizes = 0;
  return {
    add(chunk, row) {
      sizes += Math.abs(chunk.value[row] ?? 0);
    },
    drop: () => undefined,
    mayHold: () => isEnough(sizes * slack),
  };
}
