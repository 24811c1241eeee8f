import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { Link } from 'wouter';
import { sessionQuery } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { may } from '../../app/rooms.ts';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { asksForTable } from './asks-for-table.ts';
import { formatColumns, parseColumns } from './columns.ts';
import type { Column } from './columns.ts';
import { EventList } from './event-list.tsx';
import { EventPanel } from './event-panel.tsx';
import { EvidenceChoice } from './evidence-choice.tsx';
import { FieldFilters } from './field-filters.tsx';
import { Histogram } from './histogram.tsx';
import { ColumnChoice, ExportChoice } from './list-tools.tsx';
import { MarkedBar } from './marked-bar.tsx';
import { OwnRecords } from './own-records.tsx';
import { QueryProblem, isAboutQuery } from './query-problem.tsx';
import { addTerm, hideAudit, speaksOfAudit } from './query-terms.ts';
import { SavedSearches } from './saved-searches.tsx';
import { SearchBar } from './search-bar.tsx';
import type { SearchFilter } from './search-queries.ts';
import { TableSearch } from './table-search.tsx';
import { TailLine } from './tail-line.tsx';
import { liveRange, resolveRange } from './time-range.ts';
import { usePinnedList } from './use-pinned-list.ts';

const nothingMarked: ReadonlySet<string> = new Set();

/** Every event there is: as a list, or as a table where the query asks for one. */
export function SearchRoom() {
  const { get } = useAddress();
  return asksForTable(get('q') ?? '') ? <TableSearch /> : <EventSearch />;
}

/** By words, by fields, by time, or as they come. */
function EventSearch() {
  const { get, change } = useAddress();
  const [q, range, from, to, open] = [get('q'), get('range'), get('from'), get('to'), get('open')];
  const { data: me } = useQuery(sessionQuery);
  // Looking on is recorded too: a list with these records would mostly show itself. Who asks for audit records gets them all.
  const isAboutAudit = speaksOfAudit(q ?? '');
  const hidesReads = !isAboutAudit && get('own') !== 'show';
  const isLive = range === liveRange && from === undefined && to === undefined;
  const filter = useMemo(
    (): SearchFilter => ({
      ...resolveRange({ range, from, to }, Date.now()),
      ...(q === undefined ? {} : { q }),
      ...(hidesReads ? { own_reads: 'hide' } : {}),
    }),
    [q, range, from, to, hidesReads],
  );
  const [isAtTop, setAtTop] = useState(true);
  const [visit, setVisit] = useState(0);
  const [marks, setMarks] = useState({ of: filter, marked: nothingMarked });
  const marked = marks.of === filter ? marks.marked : nothingMarked;
  const list = usePinnedList(filter, { isLive, isReading: !isAtTop || open !== undefined || marked.size > 0 });
  const { pinned } = list;
  // While a column is dragged its width is only here; the address gets it when the hand lets go.
  const [dragged, setDragged] = useState<readonly Column[]>();
  const columns = useMemo(() => dragged ?? parseColumns(get('cols')), [dragged, get]);
  const keepColumns = (next: readonly Column[]): void => change({ cols: formatColumns(next) }, { replace: true });

  const openEvent = useCallback(
    (position: string | undefined): void => change({ open: position }, { replace: open !== undefined }),
    [change, open],
  );
  const filterBy = (term: string): void => change({ q: addTerm(q ?? '', term) });
  const mark = useCallback(
    (position: string): void =>
      setMarks((before) => {
        const after = new Set(before.of === filter ? before.marked : nothingMarked);
        if (!after.delete(position)) after.add(position);
        return { of: filter, marked: after };
      }),
    [filter],
  );
  const zoom = useCallback(
    ({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): void =>
      change({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), range: undefined }),
    [change],
  );
  const aboutQuery = isAboutQuery(list.error) ? list.error : undefined;
  return (
    <div className="room-inner">
      <RoomHead title="Search">
        <Link href="/search/hunts" className="small">
          Hunts
        </Link>
        <SavedSearches
          key={me?.user.id}
          userId={me?.user.id ?? ''}
          query={q ?? ''}
          range={range}
          onOpen={(saved) => change({ q: saved.query, range: saved.range, from: undefined, to: undefined })}
        />
      </RoomHead>
      <SearchBar
        key={q ?? ''}
        query={q ?? ''}
        range={range}
        from={from}
        to={to}
        isWrong={aboutQuery !== undefined}
        onChange={change}
      />
      {aboutQuery === undefined ? null : (
        <QueryProblem problem={aboutQuery} query={q ?? ''} onQuery={(fixed) => change({ q: fixed })} />
      )}
      {list.error === null || aboutQuery !== undefined ? null : (
        <ProblemNotice problem={list.error} retry={list.retry} />
      )}
      {aboutQuery === undefined ? (
        <Histogram filter={filter} count={list.count} isLive={isLive} onRange={zoom} />
      ) : null}
      {/* Rows, values and an export of the query before would stand under a query they are not of. */}
      {aboutQuery === undefined ? (
        <div className="with-panel" data-open={open !== undefined}>
          <div className="search-columns" data-narrow={open !== undefined}>
            <FieldFilters filter={filter} onFilter={filterBy} />
            <div className="stack tight">
              <div className="row spread">
                <TailLine
                  list={list}
                  onCatchUp={() => {
                    setMarks({ of: filter, marked: nothingMarked });
                    setAtTop(true);
                    // A list of its own, from its top.
                    setVisit(visit + 1);
                    list.catchUp();
                  }}
                />
                <div className="row list-tools">
                  {isAboutAudit || me === undefined || me === null || !may(me, 'audit:read') ? null : (
                    <OwnRecords
                      hidesReads={hidesReads}
                      onReads={(own) => change({ own })}
                      onHideAll={() => change({ q: hideAudit(q ?? ''), own: undefined })}
                    />
                  )}
                  <ColumnChoice columns={columns} onColumns={keepColumns} />
                  <ExportChoice filter={pinned?.filter ?? filter} count={list.count} />
                  {me === undefined || me === null || !may(me, 'ledger:read') ? null : (
                    <EvidenceChoice filter={filter} />
                  )}
                </div>
              </div>
              {list.hints.map((hint) => (
                <p key={hint} className="quiet small">
                  {`${hint.charAt(0).toUpperCase()}${hint.slice(1)}`}
                </p>
              ))}
              <MarkedBar marked={marked} onClear={() => setMarks({ of: filter, marked: nothingMarked })} />
              {pinned === undefined && list.error === null ? <Loading heights={[40, 40, 40, 40, 40, 40]} /> : null}
              {pinned === undefined || pinned.filter !== undefined ? null : (
                <div className="sheet">
                  <EmptyRoom title={isLive ? 'Waiting for events' : 'Nothing found'}>
                    {isLive
                      ? 'They appear here within a second of being recorded.'
                      : 'Widen the time range, or take a term away. field:value, field:*, -not, OR with brackets, "words in quotes" and 10.0.0.0/8 all work.'}
                  </EmptyRoom>
                </div>
              )}
              {pinned?.filter === undefined ? null : (
                <div data-stale={list.isStale} className="event-frame">
                  <EventList
                    key={`${visit} ${isLive ? '' : pinned.filter.through} ${JSON.stringify(pinned.of)}`}
                    filter={pinned.filter}
                    count={list.count}
                    columns={columns}
                    hasDates={!isLive && range === undefined}
                    onColumns={(next, isDone) => {
                      setDragged(isDone ? undefined : next);
                      if (isDone) keepColumns(next);
                    }}
                    open={open}
                    onOpen={openEvent}
                    marked={marked}
                    onMark={mark}
                    onTop={setAtTop}
                  />
                </div>
              )}
            </div>
          </div>
          {open === undefined ? null : (
            <EventPanel
              key={open}
              position={open}
              onClose={() => openEvent(undefined)}
              onFilter={filterBy}
              onAround={change}
            />
          )}
        </div>
      ) : null}
    </div>
  );
}
