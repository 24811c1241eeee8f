import { Link } from 'wouter';
import type { Overview } from '../../api/queries.ts';
import { formatCompact, formatCount, plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { SourceStateMark, sourceStates, standingWords } from '../../parts/source-state.tsx';
import { unreadWords } from '../../parts/unread-words.ts';
import { sourceAddress } from '../../parts/source-address.ts';
import { SensorsLine } from './sensors-line.tsx';

const shown = 8;
type Source = NonNullable<Overview['sources']>[number];

/** Where events come from, and who has fallen silent: what is not heard cannot be seen. */
export function SourcesSheet({
  overview,
  withSensors,
}: {
  readonly overview: Overview;
  readonly withSensors: boolean;
}) {
  const sources = overview.sources ?? [];
  const ordered = sources
    .toSorted((a, b) => sourceStates.indexOf(a.state) - sourceStates.indexOf(b.state) || b.accepted - a.accepted)
    .slice(0, shown);
  return (
    <section className="sheet half" aria-labelledby="sources-title">
      <div className="sheet-head">
        <h2 id="sources-title">Sources</h2>
        <span className="quiet small">{sources.length === 0 ? '' : formatCount(sources.length)}</span>
        <Link href={sources.length === 0 ? '/sources/add' : '/sources'} className="small">
          {sources.length === 0 ? 'Add a source' : 'All sources'}
        </Link>
      </div>
      {sources.length === 0 ? (
        <p className="quiet">No source has sent anything. What is not connected cannot be seen.</p>
      ) : null}
      <ul className="lines">
        {ordered.map((source) => (
          <li key={`${source.key_id}/${source.name}`}>
            <SourceStateMark state={source.state} short />
            <span className="line-main">
              <Link href={sourceAddress(source)} className="line-name">
                {printable(source.label ?? source.name)}
              </Link>
              <span className="quiet small">{standingWords(standingOf(source), Date.now())}</span>
              {source.unread.map(({ reason, count }) => (
                <span key={reason} className="small warn">
                  {plural(count, 'event')} kept as received: {unreadWords(reason)}
                </span>
              ))}
            </span>
            <span className="number">{formatCompact(source.accepted)}</span>
          </li>
        ))}
      </ul>
      {withSensors ? <SensorsLine /> : null}
    </section>
  );
}

function standingOf({ state, last_seen_at, due_at }: Source) {
  return { state, lastSeenMs: timeOf(last_seen_at), dueMs: timeOf(due_at) };
}

function timeOf(iso: string | null): number | undefined {
  return iso === null ? undefined : Date.parse(iso);
}
