import { queryOptions } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';

export type Authority = Answer<'GET /v1/certificate-authorities'>['authorities'][number];

export const authoritiesQuery = queryOptions({
  queryKey: ['certificate-authorities'],
  queryFn: ({ signal }) => call('GET /v1/certificate-authorities', { signal }),
});
