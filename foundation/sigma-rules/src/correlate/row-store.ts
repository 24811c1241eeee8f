/**
 * Matches, packed into columns: 29 bytes each, no object, nothing for the garbage collector to walk. A region is a run of rows of one chunk, a power
 * of two long.
 */
export type RowChunk = {
  /** The time a match counts at, in milliseconds. */
  readonly timeMs: Float64Array;
  readonly index: Float64Array;
  /** A number, or 52 bits that stand for a value. */
  readonly value: Float64Array;
  readonly log: Uint32Array;
  /** Place of the rule in the correlation. */
  readonly rule: Uint8Array;
};

export type RowStore = {
  /** The address of a region of 2^sizeClass rows. */
  allocate(sizeClass: number): number;
  free(address: number, sizeClass: number): void;
  chunkOf(address: number): RowChunk;
  offsetOf(address: number): number;
  /** Rows in regions that are allocated. */
  rows(): number;
  bytes(): number;
};

const chunkBits = 15;
const chunkRows = 1 << chunkBits;
const rowBytes = 29;
/** Regions have up to 4,096 rows. */
export const maxSizeClass = 12;

export function createRowStore(): RowStore {
  const chunks: RowChunk[] = [];
  const free: number[][] = Array.from({ length: maxSizeClass + 1 }, () => []);
  let next = 0;
  let end = 0;
  let rows = 0;

  function addChunk(): void {
    // What is left of the last chunk serves smaller regions.
    for (let sizeClass = maxSizeClass; sizeClass >= 0; sizeClass -= 1) {
      while (end - next >= 1 << sizeClass) {
        free[sizeClass]?.push(next);
        next += 1 << sizeClass;
      }
    }
    next = chunks.length * chunkRows;
    end = next + chunkRows;
    chunks.push({
      timeMs: new Float64Array(chunkRows),
      index: new Float64Array(chunkRows),
      value: new Float64Array(chunkRows),
      log: new Uint32Array(chunkRows),
      rule: new Uint8Array(chunkRows),
    });
  }

  return {
    allocate(sizeClass) {
      rows += 1 << sizeClass;
      const reused = free[sizeClass]?.pop();
      if (reused !== undefined) return reused;
      if (end - next < 1 << sizeClass) {
        addChunk();
        // The rest of the chunk before may just have the size.
        const rest = free[sizeClass]?.pop();
        if (rest !== undefined) return rest;
      }
      const address = next;
      next += 1 << sizeClass;
      return address;
    },
    free(address, sizeClass) {
      rows -= 1 << sizeClass;
      free[sizeClass]?.push(address);
    },
    chunkOf(address) {
      const chunk = chunks[address >>> chunkBits];
      if (chunk === undefined) throw new TypeError(`There are no rows at ${address}`);
      return chunk;
    },
    offsetOf: (address) => address & (chunkRows - 1),
    rows: () => rows,
    bytes: () => chunks.length * chunkRows * rowBytes,
  };
}

/** A run of rows: `count` of them from `row` on. */
export type RowRun = { readonly chunk: RowChunk; readonly row: number; readonly count: number };

/** Moves rows within a chunk; the ranges may overlap. */
export function moveRows(chunk: RowChunk, to: number, from: number, count: number): void {
  if (count <= 0) return;
  if (count === 1) {
    chunk.timeMs[to] = chunk.timeMs[from] ?? 0;
    chunk.index[to] = chunk.index[from] ?? 0;
    chunk.value[to] = chunk.value[from] ?? 0;
    chunk.log[to] = chunk.log[from] ?? 0;
    chunk.rule[to] = chunk.rule[from] ?? 0;
    return;
  }
  const until = from + count;
  chunk.timeMs.copyWithin(to, from, until);
  chunk.index.copyWithin(to, from, until);
  chunk.value.copyWithin(to, from, until);
  chunk.log.copyWithin(to, from, until);
  chunk.rule.copyWithin(to, from, until);
}

/** Copies rows to another place, of this chunk or another; the ranges do not overlap. */
export function copyRows(target: RowChunk, to: number, source: RowRun): void {
  // Most regions are short: a view for each column would cost more than the copy.
  for (let at = 0; at < source.count; at += 1) {
    const from = source.row + at;
    target.timeMs[to + at] = source.chunk.timeMs[from] ?? 0;
    target.index[to + at] = source.chunk.index[from] ?? 0;
    target.value[to + at] = source.chunk.value[from] ?? 0;
    target.log[to + at] = source.chunk.log[from] ?? 0;
    target.rule[to + at] = source.chunk.rule[from] ?? 0;
  }
}
