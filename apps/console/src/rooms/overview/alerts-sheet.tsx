import { Link } from 'wouter';
import type { Overview } from '../../api/queries.ts';
import { LevelMark, levelsFromTop } from '../../parts/level.tsx';
import { formatCompact } from '../../parts/numbers.ts';

export function AlertsSheet({ overview }: { readonly overview: Overview }) {
  const counts = new Map(overview.alerts?.open_by_level.map(({ level, count }) => [level, count]));
  const most = Math.max(1, ...counts.values());
  return (
    <section className="sheet" aria-labelledby="alerts-title">
      <div className="sheet-head">
        <h2 id="alerts-title">Open alerts</h2>
        <Link href="/alerts" className="small">
          All alerts
        </Link>
      </div>
      <ul className="level-bars">
        {levelsFromTop.map((level) => (
          <li key={level}>
            <Link href={`/alerts?level=${level}`}>
              <LevelMark level={level} />
              <span className="level-track">
                <span
                  className="level-fill"
                  data-level={level}
                  style={{ width: `${((counts.get(level) ?? 0) / most) * 100}%` }}
                />
              </span>
              <span className="number">
                {formatCompact(counts.get(level) ?? 0)} <span className="visually-hidden">open</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
