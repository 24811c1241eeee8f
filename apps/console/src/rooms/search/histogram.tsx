import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { formatTime } from '../../parts/clock-time.ts';
import { useClockChoice } from '../../parts/clock.tsx';
import { formatCount, plural } from '../../parts/numbers.ts';
import { TimeChart } from '../../parts/time-chart.tsx';
import type { TimePoint } from '../../parts/time-chart.tsx';
import { fillBuckets } from './fill-buckets.ts';
import { histogramQuery } from './search-queries.ts';
import type { SearchFilter } from './search-queries.ts';

type HistogramProps = {
  readonly filter: SearchFilter;
  readonly count: number;
  readonly isLive: boolean;
  readonly onRange: (range: { readonly fromMs: number; readonly toMs: number }) => void;
};

const liveEveryMs = 5000;

/** Events over time. A stretch of it is chosen by dragging, or with the two sliders below by the arrow keys and Enter. */
export function Histogram({ filter, count, isLive, onRange }: HistogramProps) {
  const { data } = useQuery({ ...histogramQuery(filter), refetchInterval: isLive ? liveEveryMs : false });
  const points = useMemo(() => fillBuckets(data), [data]);
  return (
    <section className="sheet histogram" aria-label="Events over time">
      <TimeChart
        points={points}
        kind="bars"
        height={104}
        unit="events"
        label={`Events over time: ${plural(count, 'event')} in ${formatCount(points.length)} intervals`}
        onRange={onRange}
      />
      {data === undefined || points.length < 3 ? null : (
        // Its ends are places among these very intervals.
        <Brush
          key={`${points.length} ${points[0]?.timeMs ?? 0}`}
          points={points}
          intervalMs={data.interval_ms}
          onRange={onRange}
        />
      )}
    </section>
  );
}

/** Seen only while it has the focus: the mouse has the chart itself. */
function Brush({
  points,
  intervalMs,
  onRange,
}: {
  readonly points: readonly TimePoint[];
  readonly intervalMs: number;
  readonly onRange: HistogramProps['onRange'];
}) {
  const [clock] = useClockChoice();
  const [ends, setEnds] = useState({ from: 0, to: points.length - 1 });
  const [from, to] = [Math.min(ends.from, ends.to), Math.max(ends.from, ends.to)];
  const fromMs = points[from]?.timeMs ?? 0;
  const toMs = (points[to]?.timeMs ?? 0) + intervalMs;
  const chosen = points.slice(from, to + 1).reduce((sum, point) => sum + point.count, 0);
  return (
    <form
      className="brush"
      aria-label="Zoom into a stretch of time"
      onSubmit={(event) => {
        event.preventDefault();
        onRange({ fromMs, toMs });
      }}
    >
      {(['from', 'to'] as const).map((end) => (
        <input
          key={end}
          type="range"
          min={0}
          max={points.length - 1}
          value={ends[end]}
          aria-label={end === 'from' ? 'From' : 'To'}
          aria-valuetext={formatTime(end === 'from' ? fromMs : toMs, clock)}
          onChange={(event) => setEnds({ ...ends, [end]: event.currentTarget.valueAsNumber })}
        />
      ))}
      <button type="submit" className="plain-button small">
        Zoom to {formatTime(fromMs, clock)} – {formatTime(toMs, clock)}, {plural(chosen, 'event')}
      </button>
    </form>
  );
}
