import type { CountedRow } from './group-state.ts';
import type { GroupTable } from './group-table.ts';
import { copyRows, createRowStore, maxSizeClass, moveRows } from './row-store.ts';
import type { RowChunk } from './row-store.ts';

/** Two matches that are one: of an event; of an event by one rule; of an event with one value. */
export type SameMatch = 'event' | 'event and rule' | 'event and value';

/** Where the rows of a group lie: [from, to) of the chunk, in the order of time, then of position in the ledger. */
export type RowSpan = { readonly chunk: RowChunk; readonly from: number; readonly to: number };

export type GroupRows = {
  spanOf(slot: number): RowSpan | undefined;
  /** Puts the row in its place. `full`: the group has 4,096 rows; nothing was done. */
  insert(slot: number, row: CountedRow, sameMatch: SameMatch): 'inserted' | 'known' | 'full';
  /** Whether one more row makes the region grow. */
  isFull(slot: number): boolean;
  /** Takes out rows [from, to) of the chunk. */
  remove(slot: number, from: number, to: number): void;
  /** Keeps only the rows for which `keep` holds; says how many went. */
  filter(slot: number, keep: (chunk: RowChunk, row: number) => boolean): number;
  release(slot: number): void;
  rows(): number;
  bytes(): number;
};

export function createGroupRows(table: GroupTable): GroupRows {
  const store = createRowStore();
  const { columns } = table;

  function spanOf(slot: number): RowSpan | undefined {
    const count = columns.count[slot] ?? 0;
    if (count === 0) return undefined;
    const address = columns.address[slot] ?? 0;
    const from = store.offsetOf(address) + (columns.from[slot] ?? 0);
    return { chunk: store.chunkOf(address), from, to: from + count };
  }

  function capacityOf(slot: number): number {
    const sizeClass = columns.sizeClass[slot] ?? -1;
    return sizeClass < 0 ? 0 : 1 << sizeClass;
  }

  /** Makes room for one more row at the end of the region. */
  function makeRoom(slot: number): boolean {
    const count = columns.count[slot] ?? 0;
    const from = columns.from[slot] ?? 0;
    const capacity = capacityOf(slot);
    if (from + count < capacity) return true;
    const address = columns.address[slot] ?? 0;
    if (from > 0 && count < capacity && from >= capacity >> 2) {
      const base = store.offsetOf(address);
      moveRows(store.chunkOf(address), base, base + from, count);
      columns.from[slot] = 0;
      return true;
    }
    const sizeClass = columns.sizeClass[slot] ?? -1;
    if (sizeClass >= maxSizeClass) {
      if (from === 0) return false;
      const base = store.offsetOf(address);
      moveRows(store.chunkOf(address), base, base + from, count);
      columns.from[slot] = 0;
      return true;
    }
    const wider = store.allocate(sizeClass + 1);
    if (sizeClass >= 0) {
      const source = { chunk: store.chunkOf(address), row: store.offsetOf(address) + from, count };
      copyRows(store.chunkOf(wider), store.offsetOf(wider), source);
      store.free(address, sizeClass);
    }
    columns.address[slot] = wider;
    columns.sizeClass[slot] = sizeClass + 1;
    columns.from[slot] = 0;
    return true;
  }

  function release(slot: number): void {
    const sizeClass = columns.sizeClass[slot] ?? -1;
    if (sizeClass >= 0) store.free(columns.address[slot] ?? 0, sizeClass);
    columns.sizeClass[slot] = -1;
    columns.from[slot] = 0;
    columns.count[slot] = 0;
  }

  return {
    spanOf,
    insert(slot, row, sameMatch) {
      const before = spanOf(slot);
      const behind = before === undefined ? 0 : rowsBehind(before, row, sameMatch);
      if (behind === undefined) return 'known';
      if (!makeRoom(slot)) return 'full';
      const address = columns.address[slot] ?? 0;
      const chunk = store.chunkOf(address);
      const count = columns.count[slot] ?? 0;
      const at = store.offsetOf(address) + (columns.from[slot] ?? 0) + count - behind;
      moveRows(chunk, at + 1, at, behind);
      chunk.timeMs[at] = row.timeMs;
      chunk.index[at] = row.index;
      chunk.log[at] = row.log;
      chunk.rule[at] = row.rule;
      chunk.value[at] = row.value;
      columns.count[slot] = count + 1;
      return 'inserted';
    },
    isFull: (slot) => (columns.count[slot] ?? 0) >= capacityOf(slot),
    remove(slot, from, to) {
      const span = spanOf(slot);
      if (span === undefined || to <= from) return;
      if (from === span.from) {
        columns.from[slot] = (columns.from[slot] ?? 0) + to - from;
      } else {
        moveRows(span.chunk, from, to, span.to - to);
      }
      columns.count[slot] = span.to - span.from - (to - from);
      if (columns.count[slot] === 0) release(slot);
    },
    filter(slot, keep) {
      const span = spanOf(slot);
      if (span === undefined) return 0;
      let kept = span.from;
      for (let row = span.from; row < span.to; row += 1) {
        if (!keep(span.chunk, row)) continue;
        if (kept !== row) moveRows(span.chunk, kept, row, 1);
        kept += 1;
      }
      columns.count[slot] = kept - span.from;
      if (kept === span.from) release(slot);
      return span.to - kept;
    },
    release,
    rows: store.rows,
    bytes: store.bytes,
  };
}

/** How many rows the new one stands in front of; undefined when its match is counted already. */
function rowsBehind({ chunk, from, to }: RowSpan, row: CountedRow, sameMatch: SameMatch): number | undefined {
  let place = to;
  for (let at = to - 1; at >= from; at -= 1) {
    const order = compare(chunk, at, row);
    // Others of the same event may stand further in front.
    if (order < 0) break;
    if (order === 0 && isKnown(chunk, at, row, sameMatch)) return undefined;
    if (order > 0 || (chunk.rule[at] ?? 0) > row.rule) place = at;
  }
  return to - place;
}

function isKnown(chunk: RowChunk, at: number, row: CountedRow, sameMatch: SameMatch): boolean {
  if (sameMatch === 'event') return true;
  return sameMatch === 'event and rule' ? chunk.rule[at] === row.rule : chunk.value[at] === row.value;
}

/** By time, then by position. */
function compare(chunk: RowChunk, at: number, row: CountedRow): number {
  const byTime = (chunk.timeMs[at] ?? 0) - row.timeMs;
  if (byTime !== 0) return byTime;
  const byLog = (chunk.log[at] ?? 0) - row.log;
  return byLog === 0 ? (chunk.index[at] ?? 0) - row.index : byLog;
}

/** The first row of [from, to) that is not before `timeMs`. */
export function firstFrom({ timeMs: times }: RowChunk, from: number, to: number, timeMs: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
