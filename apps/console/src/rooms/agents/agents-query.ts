import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { Problem } from '../../api/problem.ts';
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

/** The runs of one agent, also those that a list of all has no room for. */
export function runsOfQuery(agentId: string) {
  return queryOptions({
    queryKey: ['agents', 'runs', agentId],
    queryFn: ({ signal }) => call('GET /v1/agent/sessions', { query: { agent: agentId, limit: 100 }, signal }),
    refetchInterval: againEveryMs,
  });
}

/** The agents about which something was found, with their risk; those with the highest first. */
export const agentRisksQuery = queryOptions({
  queryKey: ['agents', 'risks'],
  queryFn: ({ signal }) =>
    call('GET /v1/behaviour/entities', { query: { kind: 'agent', limit: 200, after: 0 }, signal }),
  refetchInterval: againEveryMs * 2,
});

/** The risk of one agent, with why. Of one that nobody has heard anything of yet there is none. */
export function agentRiskQuery(agentId: string) {
  return queryOptions({
    queryKey: ['agents', 'risks', agentId],
    async queryFn({ signal }) {
      try {
        const { risk, reasons } = await call('GET /v1/behaviour/entity', {
          query: { kind: 'agent', name: agentId },
          signal,
        });
        return { risk, reasons };
      } catch (error) {
        if (error instanceof Problem && error.status === 404) return { risk: 0, reasons: [] };
        throw error;
      }
    },
    refetchInterval: againEveryMs * 2,
  });
}

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
