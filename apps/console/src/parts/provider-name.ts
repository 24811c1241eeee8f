import { useQuery } from '@tanstack/react-query';
import { call } from '../api/call.ts';

/** Sign-in providers by id, as their buttons call them. */
export function useProviderName(): (id: string) => string {
  const { data } = useQuery({
    queryKey: ['session-providers'],
    queryFn: ({ signal }) => call('GET /v1/session/providers', { signal }),
  });
  return (id) => data?.providers.find((one) => one.id === id)?.name ?? 'A provider that is switched off';
}
