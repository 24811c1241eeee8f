import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';

export type InventoryPage = Answer<'GET /v1/inventory/crypto'>;
export type Asset = InventoryPage['assets'][number];
export type AssetKind = Asset['kind'];

const pageSize = 100;
/** Certificates and libraries change by the day, not by the second. */
const refetchEveryMs = 30_000;

/** Everything with something wrong, of any kind. */
export const weakQuery = queryOptions({
  queryKey: ['inventory', 'weak'],
  queryFn: ({ signal }) => call('GET /v1/inventory/crypto', { query: { weak: true, limit: 500 }, signal }),
  refetchInterval: refetchEveryMs,
});

export const assetsQuery = (kind: AssetKind) =>
  infiniteQueryOptions({
    queryKey: ['inventory', kind],
    queryFn: ({ pageParam, signal }) =>
      call('GET /v1/inventory/crypto', {
        query: { kind, limit: pageSize, ...(pageParam === '' ? {} : { after: pageParam }) },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
    refetchInterval: refetchEveryMs,
  });
