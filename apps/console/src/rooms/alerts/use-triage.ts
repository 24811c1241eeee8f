import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { AlertState } from '../../api/queries.ts';
import { overviewQuery } from '../../api/queries.ts';

export type TriageChange = {
  readonly state?: AlertState;
  readonly assignee?: string | null;
  readonly comment?: string;
};

/** Changes one alert or several, one after the other, and shows what came of it. */
export function useTriage() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ ids, change }: { readonly ids: readonly string[]; readonly change: TriageChange }) => {
      for (const id of ids) await call('PATCH /v1/alerts/{id}', { params: { id }, body: change });
    },
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['alerts'] }),
        queries.invalidateQueries({ queryKey: overviewQuery.queryKey }),
      ]),
  });
}
