import { queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';

export type AnchorsReport = Answer<'GET /v1/ledger/anchors'>;
export type TimeAuthority = AnchorsReport['authorities'][number];
export type TimeStamp = AnchorsReport['stamps'][number];

export const anchorsQuery = queryOptions({
  queryKey: ['anchors'],
  queryFn: ({ signal }) => call('GET /v1/ledger/anchors', { signal }),
  refetchInterval: 15_000,
});
