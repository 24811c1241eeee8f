import { IconAntenna, IconAntennaOff } from '@tabler/icons-react';
import type { Overview } from '../../api/queries.ts';
import { formatAge, formatCompact, formatCount } from '../../parts/numbers.ts';

const shown = 8;

/** Where events come from, and who has fallen silent: what is not heard cannot be seen. */
export function SourcesSheet({ overview }: { readonly overview: Overview }) {
  const sources = overview.sources ?? [];
  const ordered = sources
    .toSorted((a, b) => Number(b.silent) - Number(a.silent) || b.accepted - a.accepted)
    .slice(0, shown);
  return (
    <section className="sheet" aria-labelledby="sources-title">
      <div className="sheet-head">
        <h2 id="sources-title">Sources</h2>
        <span className="quiet small">{sources.length === 0 ? '' : formatCount(sources.length)}</span>
      </div>
      {sources.length === 0 ? (
        <p className="quiet">No source has sent anything. What is not connected cannot be seen.</p>
      ) : null}
      <ul className="lines">
        {ordered.map((source) => (
          <li key={`${source.key_id}/${source.name}`}>
            {source.silent ? (
              <IconAntennaOff size={18} stroke={1.7} className="warn" aria-label="silent" />
            ) : (
              <IconAntenna size={18} stroke={1.7} className="good" aria-label="heard" />
            )}
            <span className="line-main">
              <span className="line-name">{source.name}</span>
              <span className="quiet small">
                {source.silent ? 'Silent, ' : ''}
                {source.last_seen_at === null
                  ? 'not heard since the start'
                  : formatAge(Date.parse(source.last_seen_at), Date.now())}
                {source.kept_raw > 0 ? ` · ${formatCompact(source.kept_raw)} could not be read and are kept raw` : ''}
              </span>
            </span>
            <span className="number">{formatCompact(source.accepted)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
