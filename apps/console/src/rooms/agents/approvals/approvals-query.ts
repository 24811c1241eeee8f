import { queryOptions, useQuery } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';
import type { Me } from '../../../api/queries.ts';
import { may } from '../../../app/rooms.ts';

export type Approvals = Answer<'GET /v1/agent/approvals'>;
export type WaitingApproval = Approvals['waiting'][number];
export type AnsweredApproval = Approvals['answered'][number];

export const approvalsKey = ['agents', 'approvals'] as const;
/** The live stream tells of each change; this is for what it missed. */
const againEveryMs = 20_000;

/** Of everybody's agents for whoever may see them, of one's own otherwise. */
export function approvalsQuery(me: Me) {
  const all = may(me, 'agents:read');
  return queryOptions({
    queryKey: [...approvalsKey, all ? 'all' : 'own'],
    queryFn: ({ signal }): Promise<Approvals> =>
      all ? call('GET /v1/agent/approvals', { signal }) : call('GET /v1/agent/approvals/own', { signal }),
    enabled: hearsOfApprovals(me),
    refetchInterval: againEveryMs,
  });
}

export function hearsOfApprovals(me: Me): boolean {
  return may(me, 'agents:read') || may(me, 'agents:run');
}

/** Those that wait for whoever looks; where two people must say yes, not for whose yes would not count. */
export function useMyApprovals(me: Me): readonly WaitingApproval[] {
  const { data } = useQuery(approvalsQuery(me));
  return (data?.waiting ?? []).filter(
    ({ may_answer: mine, not_counted: uncounted }) => mine && uncounted === undefined,
  );
}

export const proposalsQuery = queryOptions({
  queryKey: ['agents', 'proposals'],
  queryFn: ({ signal }) => call('GET /v1/agent/proposals', { signal }),
});
