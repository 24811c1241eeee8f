import { queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';

export type Retention = Answer<'GET /v1/retention'>;
export type RetentionClass = Retention['classes'][number];
export type Profile = Retention['profiles'][number];
export type ErasedDay = Answer<'GET /v1/retention/erased'>['erased'][number];

export const retentionQuery = queryOptions({
  queryKey: ['retention'],
  queryFn: ({ signal }) => call('GET /v1/retention', { signal }),
  refetchInterval: 5000,
});

export const erasedQuery = queryOptions({
  queryKey: ['retention', 'erased'],
  queryFn: ({ signal }) => call('GET /v1/retention/erased', { query: { limit: 200 }, signal }),
  refetchInterval: 5000,
});
