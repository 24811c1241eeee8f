import { isFromLogSource } from '@sallyport/sigma-rules';
import type { TechniqueRule } from './coverage.ts';
import type { Arrival, AskedSource } from './needs.ts';
import { sourceKey } from './rule-arrivals.ts';

/** A source that rules of a technique look at, and what came from it. */
export type SourceState = {
  readonly source: AskedSource;
  readonly rules: number;
  /** It arrived within the window. */
  readonly hasData: boolean;
  readonly lastEventMs: number | undefined;
  readonly eventsInMonth: number;
};

const dayMs = 86_400_000;

/** Those that are missing first, then by how many rules look at them. */
export function sourceStates(
  rules: readonly TechniqueRule[],
  seen: { readonly arrivals: readonly Arrival[]; readonly nowMs: number; readonly windowDays: number },
): SourceState[] {
  const asked = new Map<string, { source: AskedSource; rules: number }>();
  for (const { data } of rules) {
    for (const source of data.asked) {
      const entry = asked.get(sourceKey(source)) ?? { source, rules: 0 };
      entry.rules += 1;
      asked.set(sourceKey(source), entry);
    }
  }
  const oldestDay = Math.floor(seen.nowMs / dayMs) - 29;
  return [...asked.values()]
    .map(({ source, rules: count }) => {
      const from = seen.arrivals.filter((arrival) => isFromLogSource(source, arrival.source));
      const lastEventMs = from.length === 0 ? undefined : Math.max(...from.map((arrival) => arrival.lastSeenMs));
      return {
        source,
        rules: count,
        hasData: lastEventMs !== undefined && lastEventMs >= seen.nowMs - seen.windowDays * dayMs,
        lastEventMs,
        eventsInMonth: from.reduce((sum, { days }) => sum + eventsSince(days, oldestDay), 0),
      };
    })
    .toSorted((left, right) => Number(left.hasData) - Number(right.hasData) || right.rules - left.rules);
}

function eventsSince(days: ReadonlyMap<number, number>, oldestDay: number): number {
  let sum = 0;
  for (const [day, events] of days) if (day >= oldestDay) sum += events;
  return sum;
}
