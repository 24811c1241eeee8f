import { basisOf } from './basis.ts';
import type { Counting, GroupSpace } from './counting.ts';
import { firstFrom } from './group-rows.ts';
import type { EventPosition } from './group-state.ts';

/** Whether the group was told at a time of [fromMs, toMs]. */
export function isTold({ table }: GroupSpace, slot: number, fromMs: number, toMs: number): boolean {
  return table.extraOf(slot)?.told.some((timeMs) => timeMs >= fromMs && timeMs <= toMs) === true;
}

/**
 * Looks at the timespans that end with a match and hold the one of `timeMs`, which was just put in, the earliest first. What is told takes its rows with it: they can
 * be part of nothing that is told again.
 */
export function evaluateSliding(
  space: GroupSpace,
  counting: Counting,
  slot: number,
  input: { readonly timeMs: number; readonly watermarkMs: number },
): { readonly timeMs: number; readonly basis: readonly EventPosition[] } | undefined {
  const { definition, measure, least } = counting;
  const { timespanMs } = definition;
  if (least !== undefined && (space.table.columns.count[slot] ?? 0) < least) return undefined;
  const span = space.rows.spanOf(slot);
  if (span === undefined) return undefined;
  const { chunk, from, to } = span;
  const newestMs = chunk.timeMs[to - 1] ?? 0;
  // `end` is where the rows of the time at which the timespan ends stop.
  let end = newestMs === input.timeMs ? to : firstFrom(chunk, from, to, input.timeMs);
  const follower = measure.follow?.();
  let followedFrom = firstFrom(chunk, from, to, input.timeMs - timespanMs);
  let followedTo = followedFrom;
  for (;;) {
    if (end < to) {
      const endsAtMs = chunk.timeMs[end] ?? 0;
      while (end < to && (chunk.timeMs[end] ?? 0) === endsAtMs) end += 1;
    }
    const timeMs = chunk.timeMs[end - 1] ?? 0;
    if (timeMs > input.timeMs + timespanMs) return undefined;
    const begin = firstFrom(chunk, from, end, timeMs - timespanMs);
    if (follower !== undefined) {
      for (; followedTo < end; followedTo += 1) follower.add(chunk, followedTo);
      for (; followedFrom < begin; followedFrom += 1) follower.drop(chunk, followedFrom);
    }
    const mayHold = least === undefined ? follower?.mayHold() !== false : end - begin >= least;
    const isNew = mayHold && !isTold(space, slot, timeMs - timespanMs, timeMs + timespanMs);
    if (isNew && (least !== undefined || measure.holds(chunk, begin, end))) {
      const basis = basisOf(space, slot, chunk, measure.basis(chunk, begin, end));
      space.rows.remove(slot, begin, end);
      const extra = space.table.withExtra(slot);
      const kept = extra.told.filter((told) => told >= input.watermarkMs - timespanMs);
      extra.told = [...kept, timeMs].toSorted((a, b) => a - b);
      return { timeMs, basis };
    }
    if (end >= to) return undefined;
  }
}
