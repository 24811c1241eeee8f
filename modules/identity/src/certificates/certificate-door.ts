import type { Client } from '@sallyport/platform/http';
import type { PeopleNeeds } from '../needs.ts';

/** Where browsers that came by this address are asked for a certificate: only those that came by TLS. */
export function certificateDoorFor(
  { origin, hostName }: Pick<Client, 'origin' | 'hostName'>,
  door: PeopleNeeds['certificateDoor'],
): string | undefined {
  return origin.startsWith('https:') ? door?.(hostName) : undefined;
}
