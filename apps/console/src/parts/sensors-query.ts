import { queryOptions } from '@tanstack/react-query';
import { call } from '../api/call.ts';
import type { Answer } from '../api/call.ts';

export type Sensor = Answer<'GET /v1/sensors'>['sensors'][number];

export const sensorsQuery = queryOptions({
  queryKey: ['sensors'],
  queryFn: ({ signal }) => call('GET /v1/sensors', { query: {}, signal }),
  refetchInterval: 10_000,
});
