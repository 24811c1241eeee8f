import { queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';

export type WitnessesReport = Answer<'GET /v1/ledger/witnesses'>;
export type Witness = WitnessesReport['witnesses'][number];

export const witnessesQuery = queryOptions({
  queryKey: ['witnesses'],
  queryFn: ({ signal }) => call('GET /v1/ledger/witnesses', { signal }),
  refetchInterval: 5000,
});
