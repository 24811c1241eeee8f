import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { TimeRange } from './time-range.ts';

export type SearchFilter = TimeRange & { readonly q?: string };
const pageSize = 200;

export function eventsQuery(filter: SearchFilter) {
  return infiniteQueryOptions({
    queryKey: ['events', filter],
    queryFn: ({ pageParam, signal }) =>
      call('GET /v1/events', {
        query: { ...filter, limit: pageSize, ...(pageParam === '' ? {} : { after: pageParam }) },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
}

export function histogramQuery(filter: SearchFilter) {
  return queryOptions({
    queryKey: ['histogram', filter],
    queryFn: ({ signal }) => call('GET /v1/events/histogram', { query: filter, signal }),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
}

export function countQuery(filter: SearchFilter) {
  return queryOptions({
    queryKey: ['count', filter],
    queryFn: ({ signal }) => call('GET /v1/events/count', { query: filter, signal }),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
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
