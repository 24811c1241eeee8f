import { queryOptions } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';

export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: ({ signal }) => call('GET /v1/providers', { signal }),
});
