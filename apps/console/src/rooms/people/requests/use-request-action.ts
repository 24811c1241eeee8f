import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import { sessionQuery } from '../../../api/queries.ts';
import { privilegesKey } from './privileges-query.ts';

export type RequestAction = 'approve' | 'deny' | 'withdraw' | 'take-up' | 'end';

const purposes: Readonly<Record<RequestAction, string>> = {
  approve: 'approve this request',
  deny: 'deny this request',
  withdraw: 'take this request back',
  'take-up': 'take up this right',
  end: 'end this right',
};

/** Does something with a request; what somebody may do is asked anew after it. */
export function useRequestAction() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, action, note = '' }: { id: string; action: RequestAction; note?: string }) =>
      call(`POST /v1/privileges/requests/{id}/${action}`, {
        params: { id },
        body: { note },
        purpose: purposes[action],
      }),
    onSettled: async () => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: privilegesKey }),
        queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
      ]);
    },
  });
}
