import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { QueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { listedEvent } from '../../parts/listed-event.ts';
import type { ListedEvent } from '../../parts/listed-event.ts';
import type { TimeRange } from './time-range.ts';

/** `own_reads`: this server's records of reads it let through are left out. */
export type SearchFilter = TimeRange & { readonly q?: string; readonly own_reads?: 'hide' };
/** A filter that means the same events for as long as it is looked at: later ones are past `through`. */
export type PinnedFilter = SearchFilter & { readonly through: string };

export const pageRows = 100;
/** Pages kept of one list; a screen needs two. What is farther away is asked for again. */
const keptPages = 40;

export type EventsPage = {
  readonly rows: readonly ListedEvent[];
  readonly elapsedMs: number;
  /** What was understood in a way the writer may not have meant, and why nothing may be found. */
  readonly hints?: readonly string[];
};

/** The newest page, and by its first row the place where the list is pinned. */
export function headQuery(filter: SearchFilter) {
  return queryOptions({
    queryKey: ['events-head', filter],
    queryFn: async ({ signal, client }): Promise<EventsPage> => {
      const { events, elapsed_ms, hints } = await call('GET /v1/events', {
        query: { ...filter, limit: pageRows },
        signal,
      });
      const page = { rows: events.map(listedEvent), elapsedMs: elapsed_ms, ...(hints === undefined ? {} : { hints }) };
      const [newest] = page.rows;
      // It is the first page of the list that is pinned there.
      if (newest !== undefined)
        client.setQueryData(pageQuery({ ...filter, through: newest.position }, 0).queryKey, page);
      return page;
    },
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
}

/**
 * Any page of a pinned list by its number. Only lines are kept, not whole events. Next to a page that is known it is asked
 * for from there: the server then passes over nothing to find it.
 */
export function pageQuery(filter: PinnedFilter, page: number) {
  return queryOptions({
    queryKey: ['events-page', filter, page],
    queryFn: async ({ signal, client }): Promise<EventsPage> => {
      const known = (number: number): readonly ListedEvent[] =>
        client.getQueryData<EventsPage>(['events-page', filter, number])?.rows ?? [];
      const start = startOf(page, { newer: known(page - 1), older: known(page + 1) });
      const { events, elapsed_ms } = await call('GET /v1/events', {
        query: { ...filter, limit: pageRows, ...start },
        signal,
      });
      const rows = events.map(listedEvent);
      return { rows: start.sort === 'oldest' ? rows.toReversed() : rows, elapsedMs: elapsed_ms };
    },
    staleTime: Infinity,
    gcTime: 120_000,
  });
}

type PageStart = { readonly offset?: number; readonly after?: string; readonly sort?: 'oldest' };

/** Where a page is asked for from: behind the page of newer rows, before the one of older rows, or by counting from the top. */
export function startOf(
  page: number,
  { newer, older }: Readonly<Record<'newer' | 'older', readonly Pick<ListedEvent, 'position'>[]>>,
): PageStart {
  if (page === 0) return {};
  // Of a page that is not full nothing follows.
  const before = newer.length === pageRows ? newer.at(-1) : undefined;
  if (before !== undefined) return { after: before.position };
  const [behind] = older;
  if (behind !== undefined) return { after: behind.position, sort: 'oldest' };
  return { offset: page * pageRows };
}

/** However far somebody scrolls, the tab holds a bounded number of rows. */
export function forgetFarPages(queries: QueryClient): void {
  const idle = queries
    .getQueryCache()
    .findAll({ queryKey: ['events-page'], type: 'inactive' })
    .toSorted((a, b) => b.state.dataUpdatedAt - a.state.dataUpdatedAt);
  for (const query of idle.slice(keptPages)) queries.getQueryCache().remove(query);
}

export function histogramQuery(filter: SearchFilter) {
  return queryOptions({
    queryKey: ['histogram', filter],
    queryFn: ({ signal }) => call('GET /v1/events/histogram', { query: filter, signal }),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
}

export function countQuery(filter: SearchFilter | PinnedFilter) {
  return queryOptions({
    queryKey: ['count', filter],
    queryFn: ({ signal }) => call('GET /v1/events/count', { query: filter, signal }),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
}

/** How many came after the newest event of a list, by its position; not what we wrote about this very asking. */
export function laterQuery(filter: SearchFilter, newest: string) {
  const query = { ...filter, own_reads: 'hide' as const, since: newest };
  return queryOptions({
    queryKey: ['count-later', filter, newest],
    queryFn: ({ signal }) => call('GET /v1/events/count', { query, signal }),
    gcTime: 10_000,
  });
}

export function topQuery(filter: SearchFilter, field: string) {
  return queryOptions({
    queryKey: ['top', field, filter],
    queryFn: ({ signal }) => call('GET /v1/events/top', { query: { ...filter, field, limit: 8 }, signal }),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
}
