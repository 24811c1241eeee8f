import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useAddress } from '../../app/address.ts';
import { liveEventsQuery } from '../../app/use-live.ts';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { Loading } from '../../parts/loading.tsx';
import { listedEvent } from '../../parts/listed-event.ts';
import { formatCount } from '../../parts/numbers.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { TimeChart } from '../../parts/time-chart.tsx';
import { EventList } from './event-list.tsx';
import { EventPanel } from './event-panel.tsx';
import { FieldFilters } from './field-filters.tsx';
import { SavedSearches } from './saved-searches.tsx';
import { addTerm, formatTerm } from './query-terms.ts';
import { SearchBar } from './search-bar.tsx';
import { countQuery, eventsQuery, histogramQuery } from './search-queries.ts';
import type { SearchFilter } from './search-queries.ts';
import { resolveRange } from './time-range.ts';
import { fillBuckets } from './fill-buckets.ts';

const withoutAudit = formatTerm('log_name', 'audit', true);

/** Every event there is: by words, by fields, by time, or as they come. */
export function SearchRoom() {
  const { get, change } = useAddress();
  const [q, range, from, to, open] = [get('q'), get('range'), get('from'), get('to'), get('open')];
  const isLive = get('live') === '1';
  const filter = useMemo(
    (): SearchFilter => ({ ...resolveRange({ range, from, to }, Date.now()), ...(q === undefined ? {} : { q }) }),
    [q, range, from, to],
  );
  const found = useInfiniteQuery(eventsQuery(filter));
  const count = useQuery(countQuery(filter));
  const histogram = useQuery(histogramQuery(filter));
  const live = useQuery({ ...liveEventsQuery, enabled: false });
  const points = useMemo(() => fillBuckets(histogram.data), [histogram.data]);
  const events = useMemo(
    () => (isLive ? live.data : (found.data?.pages.flatMap((page) => page.events.map(listedEvent)) ?? [])),
    [isLive, live.data, found.data],
  );
  const openEvent = (position: string | undefined): void => change({ open: position }, { replace: open !== undefined });
  const filterBy = (term: string): void => change({ q: addTerm(q ?? '', term), live: undefined });
  const elapsedMs = found.data?.pages[0]?.elapsed_ms;
  return (
    <div className="room-inner">
      <RoomHead title="Search">
        <SavedSearches
          query={q ?? ''}
          range={range}
          onOpen={(saved) =>
            change({ q: saved.query, range: saved.range, from: undefined, to: undefined, live: undefined })
          }
        />
      </RoomHead>
      <SearchBar key={q ?? ''} query={q ?? ''} range={range} from={from} to={to} isLive={isLive} onChange={change} />
      {found.error === null ? null : <ProblemNotice problem={found.error} retry={() => void found.refetch()} />}
      {isLive ? null : (
        <section className="sheet" aria-label="Events over time">
          <TimeChart
            points={points}
            kind="bars"
            height={104}
            unit="events"
            label={`Events over time: ${formatCount(count.data?.count ?? 0)} in ${points.length} intervals`}
            onRange={({ fromMs, toMs }) =>
              change({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), range: undefined })
            }
          />
        </section>
      )}
      <div className="with-panel" data-open={open !== undefined}>
        <div className="search-columns" data-narrow={open !== undefined}>
          <FieldFilters filter={filter} onFilter={filterBy} />
          <div className="stack tight">
            <div className="row spread">
              <p className="quiet small" role="status">
                {isLive
                  ? `Live: the newest ${formatCount(events.length)} as they come. Filters wait until live is off.`
                  : count.data === undefined
                    ? 'Searching…'
                    : `${formatCount(count.data.count)} events${elapsedMs === undefined ? '' : ` · the engine took ${elapsedMs} ms, counting ${count.data.elapsed_ms} ms`}`}
              </p>
              {isLive || (q ?? '').includes(withoutAudit) ? null : (
                <button type="button" className="plain-button small" onClick={() => filterBy(withoutAudit)}>
                  Hide audit records
                </button>
              )}
            </div>
            {found.isPending && !isLive ? <Loading heights={[40, 40, 40, 40, 40, 40]} /> : null}
            {events.length === 0 && (isLive || found.isSuccess) ? (
              <div className="sheet">
                <EmptyRoom title={isLive ? 'Waiting for events' : 'Nothing found'}>
                  {isLive
                    ? 'They appear here within a second of being recorded.'
                    : 'Widen the time range, or take a term away. field:value, field:*, -not, "words in quotes" and 10.0.0.0/8 all work.'}
                </EmptyRoom>
              </div>
            ) : null}
            {events.length === 0 ? null : (
              <EventList
                events={events}
                open={open}
                onOpen={openEvent}
                hasMore={!isLive && found.hasNextPage}
                onMore={() => void found.fetchNextPage()}
                isFetching={found.isFetchingNextPage}
              />
            )}
          </div>
        </div>
        {open === undefined ? null : (
          <EventPanel key={open} position={open} onClose={() => openEvent(undefined)} onFilter={filterBy} />
        )}
      </div>
    </div>
  );
}
