import { queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';

export type ShownHunt = Answer<'GET /v1/hunts'>['hunts'][number];
export type HuntAnswer = Answer<'GET /v1/hunts/{id}'>;

const busyMs = 1000;
const idleMs = 30_000;

export function isUnderWay({ state }: Pick<ShownHunt, 'state'>): boolean {
  return state === 'waiting' || state === 'running';
}

export const huntsQuery = queryOptions({
  queryKey: ['hunts'],
  queryFn: ({ signal }) => call('GET /v1/hunts', { signal }),
  refetchInterval: ({ state }) => (state.data?.hunts.some(isUnderWay) === true ? busyMs : idleMs),
});

export const huntQuery = (id: string) =>
  queryOptions({
    queryKey: ['hunt', id],
    queryFn: ({ signal }) => call('GET /v1/hunts/{id}', { params: { id }, signal }),
    refetchInterval: ({ state }) => (state.data !== undefined && !isUnderWay(state.data.hunt) ? false : busyMs),
  });

export const huntMatchesQuery = (id: string, rule: string | undefined, matches: number) =>
  queryOptions({
    queryKey: ['hunt-matches', id, rule ?? '', matches],
    queryFn: ({ signal }) =>
      call('GET /v1/hunts/{id}/results', {
        params: { id },
        query: { limit: 100, ...(rule === undefined ? {} : { rule }) },
        signal,
      }),
    staleTime: Infinity,
  });

export const huntGroupsQuery = (id: string, rule: string | undefined, groups: number) =>
  queryOptions({
    queryKey: ['hunt-groups', id, rule ?? '', groups],
    queryFn: ({ signal }) =>
      call('GET /v1/hunts/{id}/groups', {
        params: { id },
        query: { limit: 100, ...(rule === undefined ? {} : { rule }) },
        signal,
      }),
    staleTime: Infinity,
  });
