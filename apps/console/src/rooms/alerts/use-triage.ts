import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { readProblem, Problem } from '../../api/problem.ts';
import type { AlertRow, AlertState, Disposition } from '../../api/queries.ts';
import { overviewQuery } from '../../api/queries.ts';

export type TriageChange = {
  readonly state?: AlertState;
  readonly disposition?: Disposition;
  readonly assignee?: string | null;
  readonly comment?: string;
};

export type Triaged = { readonly id: string; readonly revision?: number };

/**
 * Changes one alert or several, one after the other, each as it was when it was looked at: where somebody was faster, that
 * alert is left as they made it, the others are changed all the same, and the first refusal is told.
 */
export function useTriage() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ alerts, change }: { readonly alerts: readonly Triaged[]; readonly change: TriageChange }) => {
      const refused: Problem[] = [];
      for (const { id, revision } of alerts) {
        try {
          const body = { ...change, ...(revision === undefined ? {} : { revision }) };
          await call('PATCH /v1/alerts/{id}', { params: { id }, body });
        } catch (error) {
          refused.push(error instanceof Problem ? error : readProblem(undefined, undefined, error));
        }
      }
      const [first] = refused;
      if (first !== undefined) throw first;
    },
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['alerts'] }),
        queries.invalidateQueries({ queryKey: overviewQuery.queryKey }),
      ]),
  });
}

/** As the list shows it: who changes it says which revision they saw. */
export function seen({ id, revision }: Pick<AlertRow, 'id' | 'revision'>): Triaged {
  return { id, revision };
}
