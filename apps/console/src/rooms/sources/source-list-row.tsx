import { Link } from 'wouter';
import { formatAge, formatCompact, formatCount } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { Sparkline } from '../../parts/sparkline.tsx';
import { formatSpan } from '../../parts/span.ts';
import { sourceAddress } from '../../parts/source-address.ts';
import { SourceStateMark, standingWords } from '../../parts/source-state.tsx';
import { formatRate } from './format-rate.ts';
import { sourceTitle, sumOf } from './source-queries.ts';
import type { SourceRow } from './source-queries.ts';

/** One source in one line; on a phone in three. */
export function SourceListRow({ source, nowMs }: { readonly source: SourceRow; readonly nowMs: number }) {
  const { state, name, label, last_seen_ms: lastSeenMs, due_ms: dueMs, lag_ms: lag } = source;
  const [unread, refused] = [sumOf(source.kept_raw), sumOf(source.refused)];
  const formats = Object.keys(source.formats).slice(0, 3).join(', ');
  const lastHour = source.hour.reduce((sum, count) => sum + count, 0);
  return (
    <li className="source-row" data-state={state}>
      <SourceStateMark state={state} />
      <span className="source-what">
        <Link href={sourceAddress(source)} className="source-name">
          {printable(sourceTitle({ label, name }))}
        </Link>
        <span className="quiet small">
          {state === 'silent'
            ? standingWords({ state, lastSeenMs, dueMs }, nowMs)
            : [label === undefined || label === name ? '' : name, formats].filter((part) => part !== '').join(' · ')}
        </span>
      </span>
      <Sparkline counts={source.hour} label={`${formatCount(lastHour)} events in the last hour`} />
      <Figure name="Events/s">{formatRate(source.per_second)}</Figure>
      <Figure name="Lag" tone={lag === undefined ? 'none' : Math.abs(lag.p50) > 300_000 ? 'warn' : undefined}>
        {lag === undefined ? '–' : lag.p50 < -1000 ? `−${formatSpan(-lag.p50)}` : formatSpan(lag.p50)}
      </Figure>
      <Figure name="Unread" tone={unread === 0 ? 'none' : 'warn'}>
        {formatCompact(unread)}
      </Figure>
      <Figure name="Refused" tone={refused === 0 ? 'none' : 'warn'}>
        {formatCompact(refused)}
      </Figure>
      <Figure name="Heard">{lastSeenMs === undefined ? 'never' : formatAge(lastSeenMs, nowMs)}</Figure>
    </li>
  );
}

function Figure({
  name,
  tone,
  children,
}: {
  readonly name: string;
  /** `none`: nothing that a phone has room for. */
  readonly tone?: 'warn' | 'none' | undefined;
  readonly children: string;
}) {
  return (
    <span className={tone === undefined ? 'source-figure' : `source-figure ${tone}`}>
      <span className="figure-name">{name}</span> {children}
    </span>
  );
}
