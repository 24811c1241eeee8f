import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';

export type Https = Answer<'GET /v1/settings/https'>;
export type CertificateKind = 'authority' | 'own' | 'acme';

/** Asked again every second while a certificate is being ordered. */
export const httpsQuery = {
  queryKey: ['settings', 'https'] as const,
  queryFn: ({ signal }: { readonly signal: AbortSignal }) => call('GET /v1/settings/https', { signal }),
  refetchInterval: ({ state }: { readonly state: { readonly data: Https | undefined } }) =>
    state.data?.acme?.order.phase === 'running' ? 1000 : false,
};
