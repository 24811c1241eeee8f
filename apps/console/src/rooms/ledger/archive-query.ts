import { queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';

export type ArchiveReport = Answer<'GET /v1/archive'>;
export type ArchiveOn = Extract<ArchiveReport, { on: true }>;
export type ArchiveCheck = NonNullable<ArchiveOn['verification']>;

export const archiveQuery = queryOptions({
  queryKey: ['archive'],
  queryFn: ({ signal }) => call('GET /v1/archive', { signal }),
  refetchInterval: ({ state }) =>
    state.data?.on === true && state.data.verification?.state === 'running' ? 1000 : 5000,
});
