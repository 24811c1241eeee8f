import { useMemo } from 'react';
import { Clock } from '../../parts/clock.tsx';
import { formatCompact, formatCount } from '../../parts/numbers.ts';
import { formatBytes, formatSpan } from '../../parts/span.ts';
import { TimeChart } from '../../parts/time-chart.tsx';
import { formatRate } from './format-rate.ts';
import { sumOf } from './source-queries.ts';
import type { SourceDetails } from './source-queries.ts';

/** The last hour, and what it comes to. */
export function SourceRate({ source }: { readonly source: SourceDetails }) {
  const { minutes, lag_ms: lag } = source;
  const points = useMemo(
    () => minutes.map(({ start_ms: timeMs, accepted, refused }) => ({ timeMs, count: accepted, marked: refused })),
    [minutes],
  );
  const hour = (name: 'accepted' | 'bytes' | 'kept_raw' | 'refused'): number =>
    minutes.reduce((sum, minute) => sum + minute[name], 0);
  return (
    <section className="sheet" aria-labelledby="rate">
      <div className="sheet-head">
        <h2 id="rate">Events a minute</h2>
        <span className="quiet small">last hour</span>
        <span>
          <strong className="figure">{formatRate(source.per_second)}</strong>{' '}
          <span className="quiet">a second now</span>
        </span>
      </div>
      <TimeChart
        points={points}
        kind="area"
        height={200}
        unit="accepted"
        markedUnit="refused"
        label={`Events a minute over the last hour: ${formatCount(hour('accepted'))} accepted, ${formatCount(hour('refused'))} refused`}
      />
      <dl className="figures">
        <Figure
          name="Accepted"
          value={formatCompact(hour('accepted'))}
          note={`${formatCompact(source.accepted)} in all`}
        />
        <Figure name="Size" value={formatBytes(hour('bytes'))} note={`${formatBytes(source.bytes)} in all`} />
        <Figure name="Lag" value={lag === undefined ? '–' : formatSpan(Math.abs(lag.p50))} note={lagNote(lag)} />
        <Figure
          name="Kept as received"
          value={formatCompact(hour('kept_raw'))}
          note={`${formatCompact(sumOf(source.kept_raw))} in all`}
        />
        <Figure
          name="Refused"
          value={formatCompact(hour('refused'))}
          note={`${formatCompact(sumOf(source.refused))} in all`}
        />
      </dl>
      <div className="row quiet small">
        <span>
          Since <Clock at={source.created_at_ms} />
        </span>
        {Object.entries(source.formats).map(([format, count]) => (
          <span key={format} className="chip">
            {format} {formatCompact(count)}
          </span>
        ))}
      </div>
    </section>
  );
}

function lagNote(lag: SourceDetails['lag_ms']): string {
  if (lag === undefined) return 'no event lately that says its time';
  if (lag.p50 < -1000) return 'its clock is ahead of the server’s';
  return `99 of 100 within ${formatSpan(lag.p99)}`;
}

function Figure({ name, value, note }: { readonly name: string; readonly value: string; readonly note: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <strong className="figure">{value}</strong>
        <span className="quiet small">{note}</span>
      </dd>
    </div>
  );
}
