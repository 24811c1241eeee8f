import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { Clock } from '../../parts/clock.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { huntGroupsQuery } from './hunts-query.ts';
import type { HuntAnswer } from './hunts-query.ts';

const shownEvents = 8;

/** With which groups of events correlations came true; each event opens in the search. */
export function HuntGroups({
  id,
  rule,
  correlations,
}: {
  readonly id: string;
  readonly rule: string | undefined;
  readonly correlations: HuntAnswer['rules'];
}) {
  const total = correlations.reduce((sum, one) => sum + (rule === undefined || one.id === rule ? one.matches : 0), 0);
  const { data, error } = useQuery(huntGroupsQuery(id, rule, total));
  const titles = new Map(correlations.map((one) => [one.id, one.title]));
  if (error !== null) return <ProblemNotice problem={error} />;
  if (data === undefined) return <Loading heights={[120]} />;
  return (
    <div className="sheet flush">
      <div className="sheet-head">
        <h2>Groups</h2>
        <span className="quiet small">{`the first ${formatCount(data.groups.length)} of ${formatCount(total)}`}</span>
      </div>
      <div className="table-wrap" tabIndex={0} role="region" aria-label="Groups that correlations found">
        <table className="plain stage-table">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Correlation</th>
              <th scope="col">In common</th>
              <th scope="col">Events</th>
            </tr>
          </thead>
          <tbody>
            {data.groups.map(({ rule: of, at, fields, events, positions }) => (
              <tr key={`${of} ${at} ${positions.join(' ')}`}>
                <td>
                  <Clock at={at} short={false} />
                </td>
                <td>{printable(titles.get(of) ?? of)}</td>
                <td>{fields.map(({ field, value }) => printable(`${field} ${value}`)).join(', ')}</td>
                <td>
                  {positions.slice(-shownEvents).map((position) => (
                    <span key={position}>
                      <Link href={`/search?${new URLSearchParams({ open: position })}`}>{position}</Link>{' '}
                    </span>
                  ))}
                  {events > shownEvents ? <span className="quiet small">of {formatCount(events)}</span> : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
