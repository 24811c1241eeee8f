import { Link } from 'wouter';
import type { Level } from '../../../api/queries.ts';
import { Clock } from '../../../parts/clock.tsx';
import { LevelMark, levelsFromTop } from '../../../parts/level.tsx';
import { printable } from '../../../parts/printable.ts';
import type { Around } from './around-query.ts';

const mostLines = 40;
const chart = { width: 600, height: 44 } as const;

/** When it happened: how much was going on, a slider through that time, and the moments one by one. */
export function AroundTimeline({
  around,
  selected,
  until,
  onUntil,
}: {
  readonly around: Around;
  readonly selected: string | undefined;
  readonly until: number | undefined;
  readonly onUntil: (ms: number | undefined) => void;
}) {
  const [fromMs, toMs] = [Date.parse(around.from), Date.parse(around.to)];
  const untilMs = until ?? toMs;
  const moments = around.timeline.filter(
    ({ at, nodes }) => Date.parse(at) <= untilMs && (selected === undefined || nodes.includes(selected)),
  );
  const shown = moments.slice(-mostLines);
  return (
    <div className="stack tight">
      <Bars around={around} fromMs={fromMs} toMs={toMs} untilMs={untilMs} />
      <label className="around-slider small">
        <span className="quiet">
          {until === undefined ? 'All of that time' : 'Known until'}{' '}
          {until === undefined ? null : <Clock at={untilMs} />}
        </span>
        <input
          type="range"
          min={fromMs}
          max={toMs}
          step={1000}
          value={untilMs}
          aria-valuetext={new Date(untilMs).toISOString()}
          onChange={({ currentTarget }) =>
            onUntil(Number(currentTarget.value) >= toMs ? undefined : Number(currentTarget.value))
          }
        />
      </label>
      <ol className="lines around-moments" aria-label="What happened, in order">
        {shown.map((moment) => (
          <li
            key={`${moment.kind} ${moment.alert ?? moment.position ?? ''}`}
            data-own={moment.alert === around.alert.id || undefined}
          >
            <span className="quiet small number">
              <Clock at={moment.at} />
            </span>
            {moment.kind === 'alert' ? (
              <span className="line-main">
                <LevelMark level={levelOf(moment.word)} short />{' '}
                {moment.alert === around.alert.id ? (
                  <strong>{printable(moment.text)}</strong>
                ) : (
                  <Link href={`/alerts?open=${moment.alert ?? ''}`}>{printable(moment.text)}</Link>
                )}
              </span>
            ) : (
              <span className="line-main small">
                <span className="quiet">{moment.word}</span>{' '}
                <Link href={`/search?open=${moment.position ?? ''}`}>{printable(moment.text)}</Link>
                {moment.failed === true ? <span className="around-failed"> failed</span> : null}
              </span>
            )}
          </li>
        ))}
      </ol>
      {moments.length > shown.length ? (
        <p className="quiet small">
          The last {shown.length} of {moments.length} moments that were fetched.
        </p>
      ) : null}
      {shown.length === 0 ? <p className="quiet small">Nothing of it in that time.</p> : null}
    </div>
  );
}

/** Events of what the alert is about, over time; the alert itself is a line through them. */
function Bars({
  around,
  fromMs,
  toMs,
  untilMs,
}: {
  readonly around: Around;
  readonly fromMs: number;
  readonly toMs: number;
  readonly untilMs: number;
}) {
  const { buckets, interval_ms: intervalMs } = around.histogram;
  if (buckets.length === 0) return null;
  const most = Math.max(...buckets.map(({ count }) => count));
  const x = (ms: number): number => ((ms - fromMs) / Math.max(1, toMs - fromMs)) * chart.width;
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  const words = `${total} events of what the alert is about in that time`;
  return (
    <svg
      className="around-bars"
      viewBox={`0 0 ${chart.width} ${chart.height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={words}
    >
      {buckets.map(({ time, count }) => {
        const at = Date.parse(time);
        const height = 4 + (chart.height - 8) * (Math.log1p(count) / Math.log1p(most));
        return (
          <rect
            key={time}
            x={x(at)}
            y={chart.height - height}
            width={Math.max(2, x(at + intervalMs) - x(at) - 1)}
            height={height}
            data-far={at > untilMs || undefined}
          />
        );
      })}
      <line
        x1={x(Date.parse(around.alert.last_seen_at))}
        x2={x(Date.parse(around.alert.last_seen_at))}
        y1={0}
        y2={chart.height}
      />
    </svg>
  );
}

function levelOf(word: string): Level {
  return levelsFromTop.find((level) => level === word) ?? 'informational';
}
