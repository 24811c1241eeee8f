import { queryOptions } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';

export type ListedException = Answer<'GET /v1/exceptions'>['exceptions'][number];
export type DetailedException = Answer<'GET /v1/exceptions/{id}'>;
export type ExceptionTrial = Answer<'GET /v1/exceptions/trials/{id}'>;

export const exceptionsKey = ['exceptions'];

export const exceptionsQuery = queryOptions({
  queryKey: [...exceptionsKey, 'list'],
  queryFn: ({ signal }) => call('GET /v1/exceptions', { signal }),
});

export function exceptionQuery(id: string) {
  return queryOptions({
    queryKey: [...exceptionsKey, 'one', id],
    queryFn: ({ signal }) => call('GET /v1/exceptions/{id}', { params: { id }, signal }),
  });
}

/** Asked again while it runs. */
export function trialQuery(id: string) {
  return queryOptions({
    queryKey: [...exceptionsKey, 'trial', id],
    queryFn: ({ signal }) => call('GET /v1/exceptions/trials/{id}', { params: { id }, signal }),
    refetchInterval: ({ state }) => (state.data === undefined || state.data.state === 'running' ? 500 : false),
  });
}

export const stateWords: Readonly<Record<ListedException['state'], string>> = {
  proposed: 'Waits for approval',
  active: 'Active',
  expired: 'Expired',
  withdrawn: 'Withdrawn',
};

export const hintWords: Readonly<Record<ListedException['hints'][number], string>> = {
  expires_soon: 'Ends within 7 days',
  idle: 'Has hidden nothing for 90 days',
  more_than_tried: 'Hides a lot more than it was tried to',
  rule_not_in_force: 'A rule of it is not in force',
  rule_from_elsewhere: 'A rule of it comes from elsewhere now',
  damaged: 'Damaged: it hides nothing',
};
