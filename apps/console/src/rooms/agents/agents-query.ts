import { queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';

export type Agent = Answer<'GET /v1/agents'>['agents'][number];
export type Run = Answer<'GET /v1/agent/sessions'>['sessions'][number];
export type Stop = Answer<'GET /v1/agent/stops'>['stops'][number];

/** Runs go on by themselves: a list of them is looked at again. */
const againEveryMs = 5000;

export const agentsQuery = queryOptions({
  queryKey: ['agents', 'all'],
  queryFn: ({ signal }) => call('GET /v1/agents', { signal }),
  refetchInterval: againEveryMs * 2,
});

export const runsQuery = queryOptions({
  queryKey: ['agents', 'runs'],
  queryFn: ({ signal }) => call('GET /v1/agent/sessions', { query: { limit: 100 }, signal }),
  refetchInterval: againEveryMs,
});

export const stopsQuery = queryOptions({
  queryKey: ['agents', 'stops'],
  queryFn: ({ signal }) => call('GET /v1/agent/stops', { signal }),
  refetchInterval: againEveryMs,
});

/** What stands in the ledger of a run, newest first. */
export function timelineQuery(run: Pick<Run, 'id' | 'started_at_ms'>) {
  return queryOptions({
    queryKey: ['agents', 'timeline', run.id],
    queryFn: ({ signal }) =>
      call('GET /v1/events', {
        query: { q: timelineSearch(run.id), from: new Date(run.started_at_ms - 1000).toISOString(), limit: 200 },
        signal,
      }),
    refetchInterval: againEveryMs,
  });
}

export function timelineSearch(runId: string): string {
  return `log_name:agent "${runId}"`;
}
