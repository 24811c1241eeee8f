import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { TimeSpan } from './timeline-scale.ts';
import { planOf } from './zone-draft.ts';

const refreshMs = 3000;
const timelineRefreshMs = 10_000;
const momentsListed = 100;

export const camerasQuery = queryOptions({
  queryKey: ['cameras'],
  queryFn: ({ signal }) => call('GET /v1/cameras', { signal }),
  refetchInterval: refreshMs,
});

export const cameraQuery = (id: string) =>
  queryOptions({
    queryKey: ['cameras', 'one', id],
    queryFn: ({ signal }) => call('GET /v1/cameras/{id}', { params: { id }, signal }),
    refetchInterval: refreshMs,
  });

export const timelineQuery = (id: string, { fromMs, toMs }: TimeSpan) =>
  queryOptions({
    queryKey: ['cameras', 'timeline', id, fromMs, toMs],
    queryFn: ({ signal }) =>
      call('GET /v1/cameras/{id}/timeline', {
        params: { id },
        query: { from_ms: Math.max(0, Math.floor(fromMs)), to_ms: Math.ceil(toMs) },
        signal,
      }),
    refetchInterval: timelineRefreshMs,
    placeholderData: keepPreviousData,
  });

export const zonesQuery = (id: string) =>
  queryOptions({
    queryKey: ['cameras', 'zones', id],
    queryFn: async ({ signal }) => planOf(await call('GET /v1/cameras/{id}/zones', { params: { id }, signal })),
  });

export type MomentFilter = {
  readonly state: 'open' | 'seen';
  readonly camera?: string | undefined;
  readonly before?: string | undefined;
};

export const momentsQuery = (filter: MomentFilter) =>
  queryOptions({
    queryKey: ['cameras', 'moments', filter],
    queryFn: ({ signal }) => call('GET /v1/cameras/moments', { query: { ...filter, limit: momentsListed }, signal }),
    refetchInterval: timelineRefreshMs,
    placeholderData: keepPreviousData,
  });

/** What led to a moment is seen too. */
export const leadMs = 5000;

/** The page of a camera, playing what it recorded from shortly before a moment on. */
export const playAddress = (id: string, atMs: number): string =>
  `${cameraAddress(id, atMs - leadMs)}&play=${leadMs / 1000}`;

/** The page of a camera, at a moment of its recordings. */
export const cameraAddress = (id: string, atMs?: number): string =>
  `/live/${encodeURIComponent(id)}${atMs === undefined ? '' : `?at=${Math.round(atMs)}`}`;
