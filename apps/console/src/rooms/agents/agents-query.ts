import { keepPreviousData, queryOptions } from '@tanstack/react-query';
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

/** Which part of a run's timeline: its newest steps, or those next to the step at a place of the ledger. */
export type TimelinePart = { readonly kind: 'newest' } | { readonly kind: 'earlier' | 'later'; readonly than: string };

/** What stands in the ledger of a run, one part of it, newest first. What is over there stays as it is. */
export function timelineQuery(run: Pick<Run, 'id' | 'started_at_ms'>, part: TimelinePart) {
  return queryOptions({
    queryKey: ['agents', 'timeline', run.id, part],
    async queryFn({ signal }) {
      const { events, next } = await call('GET /v1/events', {
        query: {
          q: timelineSearch(run.id),
          from: new Date(run.started_at_ms - 1000).toISOString(),
          limit: 200,
          ...(part.kind === 'newest' ? {} : { after: part.than }),
          ...(part.kind === 'later' ? { sort: 'oldest' } : {}),
        },
        signal,
      });
      return part.kind === 'later'
        ? { events: events.toReversed(), hasEarlier: true, hasLater: next !== undefined }
        : { events, hasEarlier: next !== undefined, hasLater: part.kind === 'earlier' };
    },
    // From one part to the next nothing jumps.
    placeholderData: keepPreviousData,
    refetchInterval: part.kind === 'newest' ? againEveryMs : false,
  });
}

export function timelineSearch(runId: string): string {
  return `log_name:agent "${runId}"`;
}
