import { queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';

export type Declarations = Answer<'GET /v1/personal-data/declarations'>;
export type SubjectRequest = Answer<'GET /v1/personal-data/requests'>['requests'][number];
export type Found = Answer<'POST /v1/personal-data/subjects'>;
export type Identifier = NonNullable<SubjectRequest['about']>[number];

export const declarationsQuery = queryOptions({
  queryKey: ['personal', 'declarations'],
  queryFn: ({ signal }) => call('GET /v1/personal-data/declarations', { signal }),
  refetchInterval: 10_000,
});

export const requestsQuery = queryOptions({
  queryKey: ['personal', 'requests'],
  queryFn: ({ signal }) => call('GET /v1/personal-data/requests', { signal }),
  refetchInterval: 5000,
});
