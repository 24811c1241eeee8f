import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link } from 'wouter';
import { Loading } from '../../parts/loading.tsx';
import { plural } from '../../parts/numbers.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { searchAddress, sourceTerms } from '../../parts/source-address.ts';
import { seenFields } from './seen-fields.ts';
import { newestOfSourceQuery } from './source-queries.ts';
import type { SourceDetails } from './source-queries.ts';

const shownAtFirst = 24;
const none: readonly never[] = [];

/** Which fields its newest events have, and how often: what rules and searches can go by. */
export function SourceFields({ source }: { readonly source: SourceDetails }) {
  const { data: events = none, error, isPending, refetch } = useQuery(newestOfSourceQuery(source));
  const fields = useMemo(() => seenFields(events), [events]);
  const [isWhole, setWhole] = useState(false);
  return (
    <section className="sheet" aria-labelledby="fields">
      <div className="sheet-head">
        <h2 id="fields">Fields seen</h2>
        {events.length === 0 ? null : (
          <span className="quiet small">in the newest {plural(events.length, 'event')}</span>
        )}
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {isPending ? <Loading heights={[120]} /> : null}
      {!isPending && error === null && events.length === 0 ? (
        <p className="quiet">No event of it is searchable yet.</p>
      ) : null}
      <ul className="seen-fields">
        {(isWhole ? fields : fields.slice(0, shownAtFirst)).map(({ field, count, sample }) => (
          <li key={field}>
            <Link href={searchAddress(`${sourceTerms(source)} ${field}:*`)}>
              <code>{field}</code>
            </Link>
            <span className="quiet small seen-sample">{printable(sample)}</span>
            <span className="seen-share">
              <span className="level-track" aria-hidden="true">
                <span className="level-fill seen-fill" style={{ width: `${(count / events.length) * 100}%` }} />
              </span>
              <span className="number small">{Math.round((count / events.length) * 100)} %</span>
            </span>
          </li>
        ))}
      </ul>
      {fields.length > shownAtFirst ? (
        <div>
          <button type="button" className="plain-button" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
            {isWhole ? 'Show the most frequent' : `Show all ${fields.length}`}
          </button>
        </div>
      ) : null}
    </section>
  );
}
