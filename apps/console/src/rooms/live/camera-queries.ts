import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { callByHand } from '../../api/call.ts';
import type { CameraRow, Moment, Timeline, WatchPlan } from './camera-types.ts';

const refreshMs = 3000;
const timelineRefreshMs = 10_000;
const momentsListed = 100;

export const camerasQuery = queryOptions({
  queryKey: ['cameras'],
  queryFn: ({ signal }) => callByHand<{ readonly cameras: readonly CameraRow[] }>('GET /v1/cameras', { signal }),
  refetchInterval: refreshMs,
});

export const cameraQuery = (id: string) =>
  queryOptions({
    queryKey: ['cameras', 'one', id],
    queryFn: ({ signal }) => callByHand<CameraRow>('GET /v1/cameras/{id}', { params: { id }, signal }),
    refetchInterval: refreshMs,
  });

export const timelineQuery = (id: string, span: { readonly fromMs: number; readonly toMs: number }) =>
  queryOptions({
    queryKey: ['cameras', 'timeline', id, span.fromMs, span.toMs],
    queryFn: ({ signal }) =>
      callByHand<Timeline>('GET /v1/cameras/{id}/timeline', {
        params: { id },
        query: { from_ms: Math.floor(span.fromMs), to_ms: Math.ceil(span.toMs) },
        signal,
      }),
    refetchInterval: timelineRefreshMs,
    placeholderData: keepPreviousData,
  });

export const zonesQuery = (id: string) =>
  queryOptions({
    queryKey: ['cameras', 'zones', id],
    queryFn: ({ signal }) => callByHand<WatchPlan>('GET /v1/cameras/{id}/zones', { params: { id }, signal }),
  });

export const momentsQuery = (filter: { readonly state: 'open' | 'seen'; readonly camera?: string | undefined; readonly before?: string | undefined }) =>
  queryOptions({
    queryKey: ['cameras', 'moments', filter],
    queryFn: ({ signal }) =>
      callByHand<{ readonly moments: readonly Moment[]; readonly next?: string | undefined }>('GET /v1/cameras/moments', {
        query: { ...filter, limit: momentsListed },
        signal,
      }),
    refetchInterval: timelineRefreshMs,
    placeholderData: keepPreviousData,
  });

/** Where a browser finds the newest picture of a camera, and a picture that was kept. */
export const newestPictureAddress = (id: string): string => `/v1/cameras/${encodeURIComponent(id)}/picture`;
export const pictureAddress = (sha256: string): string => `/v1/pictures/${encodeURIComponent(sha256)}`;
/** The page of a camera, at a moment of its recordings. */
export const cameraAddress = (id: string, atMs?: number): string =>
  `/live/${encodeURIComponent(id)}${atMs === undefined ? '' : `?at=${Math.round(atMs)}`}`;
