import { queryOptions, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { useAddress } from '../../app/address.ts';
import { Clock } from '../../parts/clock.tsx';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { formatCount, plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { RoomHead } from '../../parts/room-head.tsx';
import { eventsPart } from './asks-for-table.ts';
import { EventPanel } from './event-panel.tsx';
import { QueryProblem, isAboutQuery } from './query-problem.tsx';
import { addTerm, formatTerm } from './query-terms.ts';
import { SearchBar } from './search-bar.tsx';
import type { SearchFilter } from './search-queries.ts';
import { resolveRange } from './time-range.ts';

type Table = Answer<'GET /v1/events/table'>;
type Column = Table['columns'][number];

function tableQuery(filter: SearchFilter) {
  return queryOptions({
    queryKey: ['events-table', filter],
    queryFn: ({ signal }) => call('GET /v1/events/table', { query: filter, signal }),
    staleTime: 10_000,
  });
}

/** What becomes of the events of a query with a stage: rows with how many, each value a way into its events. */
export function TableSearch() {
  const { get, change } = useAddress();
  const [q = '', range, from, to, open] = [get('q'), get('range'), get('from'), get('to'), get('open')];
  const filter = useMemo(
    (): SearchFilter => ({ ...resolveRange({ range, from, to }, Date.now()), q, own_reads: 'hide' }),
    [q, range, from, to],
  );
  const { data, error, refetch } = useQuery(tableQuery(filter));
  const pivot = (terms: readonly string[]): void =>
    change({ q: terms.reduce((query, term) => addTerm(query, term), eventsPart(q)) || undefined, open: undefined });
  return (
    <div className="room-inner">
      <RoomHead title="Search">
        <Link href="/search/hunts" className="small">
          Hunts
        </Link>
      </RoomHead>
      <SearchBar key={q} query={q} range={range} from={from} to={to} isWrong={isAboutQuery(error)} onChange={change} />
      {error === null ? null : isAboutQuery(error) ? (
        <QueryProblem problem={error} query={q} onQuery={(fixed) => change({ q: fixed })} />
      ) : (
        <ProblemNotice problem={error} retry={() => void refetch()} />
      )}
      {data === undefined && error === null ? <Loading heights={[40, 40, 40, 40]} /> : null}
      {data === undefined || error !== null ? null : (
        <div className="with-panel" data-open={open !== undefined}>
          <div className="stack tight">
            <div className="row spread">
              <p className="quiet small">
                {`${plural(data.rows.length, 'row')}${data.cut ? ' of more: | head N shows them' : ''} in ${formatCount(data.elapsed_ms)} ms`}
              </p>
              <button type="button" className="plain-button small" onClick={() => pivot([])}>
                The events themselves
              </button>
            </div>
            {(data.hints ?? []).map((hint) => (
              <p key={hint} className="quiet small">
                {hint}
              </p>
            ))}
            <div className="sheet flush">
              {data.rows.length === 0 ? (
                <EmptyRoom title="Nothing found">Widen the time range, or take a term away.</EmptyRoom>
              ) : (
                <StageTable table={data} onPivot={pivot} onOpen={(position) => change({ open: position })} />
              )}
            </div>
          </div>
          {open === undefined ? null : (
            <EventPanel
              key={open}
              position={open}
              onClose={() => change({ open: undefined })}
              onFilter={(term) => pivot([term])}
            />
          )}
        </div>
      )}
    </div>
  );
}

function StageTable({
  table,
  onPivot,
  onOpen,
}: {
  readonly table: Table;
  readonly onPivot: (terms: readonly string[]) => void;
  readonly onOpen: (position: string) => void;
}) {
  const counts = table.columns.findIndex(({ name, kind }) => name === 'count' && kind === 'number');
  const countOf = (row: Table['rows'][number]): number => Number(row[counts] ?? 0);
  const most = table.rows.reduce((high, row) => Math.max(high, countOf(row)), 1);
  return (
    <div className="table-wrap">
      <table className="plain stage-table">
        <thead>
          <tr>
            {table.columns.map(({ name, kind }) => (
              <th key={name} scope="col" className={kind === 'number' ? 'number' : undefined}>
                {name}
              </th>
            ))}
            {counts < 0 ? null : (
              <th scope="col">
                <span className="visually-hidden">Share</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row) => (
            <tr key={row.join('\n')}>
              {table.columns.map((column, at) => (
                <td key={column.name} className={column.kind === 'number' ? 'number' : undefined}>
                  <Cell column={column} value={row[at] ?? ''} onPivot={onPivot} onOpen={onOpen} />
                </td>
              ))}
              {counts < 0 ? null : (
                <td className="stage-bar">
                  <span style={{ inlineSize: `${(countOf(row) / most) * 100}%` }} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({
  column,
  value,
  onPivot,
  onOpen,
}: {
  readonly column: Column;
  readonly value: string | number;
  readonly onPivot: (terms: readonly string[]) => void;
  readonly onOpen: (position: string) => void;
}) {
  if (column.kind === 'time') return <Clock at={Number(value)} short={false} />;
  if (column.kind === 'number') return <>{formatCount(Number(value))}</>;
  const text = String(value);
  if (column.kind === 'position')
    return (
      <button type="button" className="plain-button" onClick={() => onOpen(text)}>
        {text}
      </button>
    );
  const term = text === '' ? `-${column.name}:*` : formatTerm(column.name, text);
  return (
    <button type="button" className="plain-button" title={`Events with ${term}`} onClick={() => onPivot([term])}>
      {text === '' ? <span className="quiet">no value</span> : printable(text)}
    </button>
  );
}
