import type { Answer } from '../../api/call.ts';
import type { TimePoint } from '../../parts/time-chart.tsx';

const maxPoints = 500;

/** The server leaves empty intervals out; a chart must show them as nothing. */
export function fillBuckets(histogram: Answer<'GET /v1/events/histogram'> | undefined): TimePoint[] {
  const buckets = histogram?.buckets ?? [];
  const [first, last] = [buckets[0], buckets.at(-1)];
  if (histogram === undefined || first === undefined || last === undefined) return [];
  const counts = new Map(buckets.map(({ time, count }) => [Date.parse(time), count]));
  const fromMs = Date.parse(first.time);
  const length = Math.min(maxPoints, Math.round((Date.parse(last.time) - fromMs) / histogram.interval_ms) + 1);
  // One empty interval on either side: a bar at the very edge would be cut in half.
  return Array.from({ length: length + 2 }, (_, at) => {
    const timeMs = fromMs + (at - 1) * histogram.interval_ms;
    return { timeMs, count: counts.get(timeMs) ?? 0 };
  });
}
