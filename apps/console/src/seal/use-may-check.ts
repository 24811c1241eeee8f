import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from '../api/queries.ts';
import { may } from '../app/rooms.ts';

/** Whether whoever looks may fetch proofs: who may not is told so rather than refused. */
export function useMayCheck(): boolean {
  const { data: me } = useQuery({ ...sessionQuery, enabled: false });
  return me === null || me === undefined || may(me, 'ledger:read');
}
