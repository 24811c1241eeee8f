import { queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';

export type Destructions = Answer<'GET /v1/vault/destructions'>;
export type Intent = Destructions['intents'][number];
export type Hold = Destructions['holds'][number];
export type Approver = Destructions['approvers'][number];

/** Moves while the page is open: somebody else signs, time passes, a step is done. */
export const destructionsQuery = queryOptions({
  queryKey: ['vault', 'destructions'],
  queryFn: ({ signal }) => call('GET /v1/vault/destructions', { signal }),
  refetchInterval: ({ state }) =>
    state.data?.intents.some(({ stage }) => stage === 'begun' || stage === 'rotated' || stage === 'removed') === true
      ? 1000
      : 5000,
});
