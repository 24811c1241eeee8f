import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { AlertState, Level } from '../../api/queries.ts';

const pageSize = 100;

export function alertsQuery(filter: {
  readonly state?: AlertState | undefined;
  readonly level?: Level | undefined;
  readonly after?: string | undefined;
}) {
  return queryOptions({
    queryKey: ['alerts', 'list', filter.state ?? '', filter.level ?? '', filter.after ?? ''],
    queryFn: ({ signal }) => call('GET /v1/alerts', { query: { ...filter, limit: pageSize }, signal }),
    placeholderData: keepPreviousData,
  });
}

export function alertQuery(id: string) {
  return queryOptions({
    queryKey: ['alerts', 'one', id],
    queryFn: ({ signal }) => call('GET /v1/alerts/{id}', { params: { id }, signal }),
  });
}
