import { useMemo } from 'react';
import type { Overview } from '../../api/queries.ts';
import { formatCompact, formatCount } from '../../parts/numbers.ts';
import { TimeChart } from '../../parts/time-chart.tsx';

export function RateSheet({ overview }: { readonly overview: Overview }) {
  const points = useMemo(
    () => (overview.rate?.per_minute ?? []).map(({ time, count }) => ({ timeMs: Date.parse(time), count })),
    [overview.rate],
  );
  const total = points.reduce((sum, { count }) => sum + count, 0);
  const last = points.at(-2)?.count ?? 0;
  return (
    <section className="sheet wide" aria-labelledby="rate-title">
      <div className="sheet-head">
        <h2 id="rate-title">Events a minute</h2>
        <span className="quiet small">
          last hour
          {overview.rate === null || overview.rate.own_last_hour === 0
            ? ''
            : `, without ${formatCompact(overview.rate.own_last_hour)} audit records of this server`}
        </span>
        <span>
          <strong className="figure">{formatCompact(last)}</strong>{' '}
          <span className="quiet">in the last full minute</span>
        </span>
      </div>
      <TimeChart
        points={points}
        kind="area"
        height={212}
        unit="events"
        label={`Events a minute over the last hour: ${formatCount(total)} in all, ${formatCount(last)} in the last full minute`}
      />
    </section>
  );
}
