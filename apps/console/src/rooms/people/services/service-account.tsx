import { queryOptions } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';

export type ServiceAccount = Answer<'GET /v1/service-accounts'>['accounts'][number];

export const servicesQuery = queryOptions({
  queryKey: ['service-accounts'],
  queryFn: ({ signal }) => call('GET /v1/service-accounts', { signal }),
});

export function StateChip({ account }: { readonly account: ServiceAccount }) {
  if (account.suspendedAtMs !== undefined)
    return <span className="chip">{account.suspendedFor === 'owner' ? 'Stopped with its owner' : 'Stopped'}</span>;
  if (account.expiresAtMs !== undefined && account.expiresAtMs <= Date.now())
    return <span className="chip">Ended</span>;
  return account.credentials.length === 0 ? <span className="chip">No credential yet</span> : null;
}
