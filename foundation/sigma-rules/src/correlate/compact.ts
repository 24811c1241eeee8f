import { leastCount } from './definition.ts';
import type { Counting, GroupSpace } from './counting.ts';
import { firstFrom } from './group-rows.ts';
import type { RowChunk } from './row-store.ts';

type Compaction = {
  readonly slot: number;
  readonly counting: Counting;
  readonly space: GroupSpace;
  /** No match of this correlation comes at an earlier time any more. */
  readonly watermarkMs: number;
};

/** Past so many rows a group gives up exactness, and says so. */
const mostRows = 4_096;

/**
 * Lets go of rows that can decide nothing any more, when a region is about to grow. Says how many others had to go because the group has all the rows a
 * group may have.
 */
export function compactSliding(input: Compaction): number {
  const { slot, counting, watermarkMs } = input;
  const { table, rows } = input.space;
  const { definition } = counting;
  dropBefore(input, watermarkMs - definition.timespanMs);
  const isDistinct = definition.type === 'value_count' || definition.type === 'temporal';
  if (isDistinct) {
    const column = definition.type === 'value_count' ? 'value' : 'rule';
    // Of one value the newest counts wherever an older one does, unless one may still come between them.
    keepNewest(input, column, (timeMs) => timeMs < watermarkMs);
  } else if (definition.type === 'temporal_ordered') {
    keepChains(input);
  } else if (counting.least !== undefined) {
    keepSilenced(input, leastCount(definition.condition));
  }
  if ((table.columns.count[slot] ?? 0) < mostRows) return 0;
  if (isDistinct) {
    keepNewest(input, definition.type === 'value_count' ? 'value' : 'rule', () => true);
    if ((table.columns.count[slot] ?? 0) <= mostRows / 2) return 0;
  }
  const span = rows.spanOf(slot);
  if (span === undefined) return 0;
  if (definition.type === 'value_sum') return mergeOldest(input);
  rows.remove(slot, span.from, span.from + mostRows / 4);
  return mostRows / 4;
}

/** The same for windows that are evaluated when they close. */
export function compactClosing(input: Compaction): number {
  const { slot, counting, watermarkMs } = input;
  const { table, rows } = input.space;
  const { type, timespanMs } = counting.definition;
  if ((table.columns.count[slot] ?? 0) < mostRows) return 0;
  const span = rows.spanOf(slot);
  if (span === undefined) return 0;
  const isFolding = type === 'event_count' || type === 'value_sum' || type === 'value_avg';
  const firstMs = table.extraOf(slot)?.folded?.startMs ?? span.chunk.timeMs[span.from] ?? 0;
  if (isFolding && firstMs < watermarkMs) {
    // The window stands fast: what lies in it and before the watermark can be counted together. The newest stay, to be named.
    const untilMs = Math.min(watermarkMs, firstMs + timespanMs);
    const to = Math.min(firstFrom(span.chunk, span.from, span.to, untilMs), span.to - mostRows / 4);
    const extra = table.withExtra(slot);
    extra.folded ??= { startMs: firstMs, count: 0, sum: 0 };
    for (let row = span.from; row < to; row += 1) {
      extra.folded.count += 1;
      extra.folded.sum += span.chunk.value[row] ?? 0;
    }
    rows.remove(slot, span.from, Math.max(span.from, to));
    if (to > span.from) return 0;
  }
  if (type === 'value_count')
    keepNewest(input, 'value', (timeMs) => timeMs < Math.min(watermarkMs, firstMs + timespanMs));
  if (type === 'temporal' && counting.opening === undefined)
    keepNewest(input, 'rule', (timeMs) => timeMs < Math.min(watermarkMs, firstMs + timespanMs));
  if ((table.columns.count[slot] ?? 0) < mostRows) return 0;
  // Every second row: what is left is spread as what was there.
  let place = 0;
  return rows.filter(slot, (_, row) => row === span.from || (place += 1) % 2 === 0);
}

function dropBefore({ slot, space: { rows } }: Compaction, timeMs: number): void {
  const span = rows.spanOf(slot);
  if (span !== undefined) rows.remove(slot, span.from, firstFrom(span.chunk, span.from, span.to, timeMs));
}

/** Of the rows for which `isSettled` holds, the newest of each value, the very first one of the group besides: it may open a window. */
function keepNewest(
  { slot, space: { rows } }: Compaction,
  column: 'value' | 'rule',
  isSettled: (timeMs: number) => boolean,
): void {
  const span = rows.spanOf(slot);
  if (span === undefined) return;
  const newest = new Map<number, number>();
  for (let row = span.from; row < span.to; row += 1) {
    if (isSettled(span.chunk.timeMs[row] ?? 0)) newest.set(span.chunk[column][row] ?? 0, row);
  }
  // Rows move while they are filtered, but only forward of where they are read.
  rows.filter(
    slot,
    (chunk, row) =>
      row === span.from || !isSettled(chunk.timeMs[row] ?? 0) || newest.get(chunk[column][row] ?? 0) === row,
  );
}

/** While a group is told already, as many of the newest as make the number full: more cannot be asked for. */
function keepSilenced({ slot, counting, space: { table, rows } }: Compaction, least: number): void {
  const told = table.extraOf(slot)?.told.at(-1);
  const span = rows.spanOf(slot);
  if (told === undefined || span === undefined) return;
  const { chunk } = span;
  const newestMs = chunk.timeMs[span.to - 1] ?? 0;
  if (newestMs > told + counting.definition.timespanMs) return;
  const from = firstFrom(chunk, span.from, span.to, told);
  rows.remove(slot, from, Math.max(from, span.to - least));
}

/** Of what is settled, for each number of rules the chain that begins latest: any later rule that goes on with a chain goes on with that one. */
function keepChains({ slot, counting, space: { rows }, watermarkMs }: Compaction): void {
  const span = rows.spanOf(slot);
  const { condition, ruleIds } = counting.definition;
  if (span === undefined || condition.kind === 'rules') return;
  const { chunk, from } = span;
  const settled = firstFrom(chunk, from, span.to, watermarkMs);
  const kept = new Set<number>();
  for (let length = 1; length <= ruleIds.length; length += 1) {
    for (const row of latestChain(chunk, from, settled, length)) kept.add(row);
  }
  rows.filter(slot, (_, row) => row >= settled || kept.has(row));
}

function latestChain(chunk: RowChunk, from: number, to: number, length: number): number[] {
  const chain: number[] = [];
  let rule = length - 1;
  for (let row = to - 1; row >= from && rule >= 0; row -= 1) {
    const after = chain.at(-1);
    const isSame =
      after !== undefined && chunk.index[after] === chunk.index[row] && chunk.log[after] === chunk.log[row];
    if (chunk.rule[row] !== rule || isSame) continue;
    chain.push(row);
    rule -= 1;
  }
  return rule < 0 ? chain : [];
}

/** The older half by pairs: their sum counts until the newer of the two leaves the timespan. */
function mergeOldest({ slot, space: { rows } }: Compaction): number {
  const span = rows.spanOf(slot);
  if (span === undefined) return 0;
  const { chunk, from } = span;
  const until = from + mostRows / 2;
  for (let row = from; row + 1 < until; row += 2)
    chunk.value[row + 1] = (chunk.value[row + 1] ?? 0) + (chunk.value[row] ?? 0);
  return rows.filter(slot, (_, row) => row >= until || (row - from) % 2 === 1);
}
