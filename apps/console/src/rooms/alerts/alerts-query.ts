import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { AlertState, Level } from '../../api/queries.ts';

const pageSize = 100;

/** What the address bar says of the list. */
export type AlertListFilter = {
  readonly state?: AlertState | undefined;
  readonly level?: Level | undefined;
  readonly host?: string | undefined;
  readonly user?: string | undefined;
  readonly source?: string | undefined;
  readonly rule?: string | undefined;
  readonly agent?: string | undefined;
  readonly q?: string | undefined;
  readonly sort?: 'newest' | 'severity' | undefined;
};

export function alertsQuery(filter: AlertListFilter & { readonly after?: string | undefined }) {
  return queryOptions({
    queryKey: ['alerts', 'list', filter],
    queryFn: ({ signal }) =>
      call('GET /v1/alerts', { query: { ...filter, sort: filter.sort ?? 'priority', limit: pageSize }, signal }),
    placeholderData: keepPreviousData,
  });
}

export function alertQuery(id: string) {
  return queryOptions({
    queryKey: ['alerts', 'one', id],
    queryFn: ({ signal }) => call('GET /v1/alerts/{id}', { params: { id }, signal }),
  });
}

/** Whom an alert can be given to; for those who may change alerts. */
export const assigneesQuery = queryOptions({
  queryKey: ['assignees'],
  queryFn: ({ signal }) => call('GET /v1/alerts/assignees', { signal }),
  staleTime: 60_000,
});

export const suppressionsQuery = queryOptions({
  queryKey: ['suppressions'],
  queryFn: ({ signal }) => call('GET /v1/suppressions', { signal }),
});

/** Where the browser fetches the same list as a file. */
export function exportAddress(filter: AlertListFilter, format: 'csv' | 'ndjson'): string {
  const given = Object.entries(filter).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return `/v1/alerts/export?${new URLSearchParams([...given, ['format', format], ['limit', '100000']]).toString()}`;
}
