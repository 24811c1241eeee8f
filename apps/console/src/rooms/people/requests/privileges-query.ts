import { queryOptions } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';

export type PrivilegeRequest = Answer<'GET /v1/privileges/requests'>['requests'][number];
export type RequestDetails = Answer<'GET /v1/privileges/requests/{id}'>;
export type BreakGlassAccount = Answer<'GET /v1/break-glass'>['accounts'][number];
export type BreakGlassKey = BreakGlassAccount['passkeys'][number];
export type RequestView = 'mine' | 'inbox' | 'all';

/** Everything below this key changes with any decision. */
export const privilegesKey = ['privileges'] as const;

/** What somebody holds now and what waits for them: asked again all the time, by the frame of every room. */
export const standingQuery = queryOptions({
  queryKey: [...privilegesKey, 'standing'],
  queryFn: ({ signal }) => call('GET /v1/privileges/standing', { signal }),
  refetchInterval: 10_000,
});

export const requestsQuery = (view: RequestView) =>
  queryOptions({
    queryKey: [...privilegesKey, 'requests', view],
    queryFn: ({ signal }) => call('GET /v1/privileges/requests', { query: { view }, signal }),
    refetchInterval: 10_000,
  });

export const requestQuery = (id: string) =>
  queryOptions({
    queryKey: [...privilegesKey, 'request', id],
    queryFn: ({ signal }) => call('GET /v1/privileges/requests/{id}', { params: { id }, signal }),
    refetchInterval: 10_000,
  });

/** What may be asked for, everywhere or at a site. */
export const optionsQuery = (site?: string) =>
  queryOptions({
    queryKey: [...privilegesKey, 'options', site ?? ''],
    queryFn: ({ signal }) =>
      call('GET /v1/privileges/options', { signal, ...(site === undefined ? {} : { query: { site } }) }),
    staleTime: 10_000,
  });

export const breakGlassQuery = queryOptions({
  queryKey: [...privilegesKey, 'break-glass'],
  queryFn: ({ signal }) => call('GET /v1/break-glass', { signal }),
  refetchInterval: 10_000,
});

export const privilegeRulesQuery = queryOptions({
  queryKey: [...privilegesKey, 'rules'],
  queryFn: ({ signal }) => call('GET /v1/privileges/rules', { signal }),
});
