import { useQuery } from '@tanstack/react-query';
import { call } from '../api/call.ts';

/** What may be done at a site; everything else is about none. */
const siteActions: ReadonlySet<string> = new Set([
  'events:read',
  'alerts:read',
  'alerts:write',
  'devices:read',
  'devices:manage',
  'devices:command',
  'cameras:read',
  'cameras:manage',
  'cameras:export',
]);

export function isAboutSites(action: string): boolean {
  return siteActions.has(action);
}

/** Names of the sites that cameras and devices stand at, by name; undefined while they are not known, and to whoever may not look. */
export function useSites(): string[] | undefined {
  const { data } = useQuery({
    queryKey: ['sites'],
    queryFn: async ({ signal }) => {
      const [{ cameras }, { devices }] = await Promise.all([
        call('GET /v1/cameras', { signal }),
        call('GET /v1/devices', { signal }),
      ]);
      return [...new Set([...cameras, ...devices].map(({ site }) => site).filter((site) => site !== ''))].toSorted();
    },
    retry: false,
  });
  return data;
}
