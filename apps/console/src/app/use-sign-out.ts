import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../api/call.ts';
import { sessionQuery } from '../api/queries.ts';

/** Ends this session and forgets everything it showed. */
export function useSignOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => call('DELETE /v1/session', {}),
    onSettled() {
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'setup' && queryKey[0] !== 'session' });
      queries.setQueryData(sessionQuery.queryKey, null);
    },
  });
}
