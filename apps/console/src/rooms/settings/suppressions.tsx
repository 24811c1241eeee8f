import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { rulesQuery } from '../../api/queries.ts';
import { Clock } from '../../parts/clock.tsx';
import { plural } from '../../parts/numbers.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';

/** Rules made quiet, why, and how often they would have spoken. */
export function Suppressions({ canChange }: { readonly canChange: boolean }) {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: ['suppressions'],
    queryFn: ({ signal }) => call('GET /v1/suppressions', { signal }),
  });
  const { data: rules } = useQuery(rulesQuery);
  const lift = useMutation({
    mutationFn: (id: string) => call('DELETE /v1/suppressions/{id}', { params: { id } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['suppressions'] }),
  });
  const problem = error ?? lift.error;
  const inForce = data?.suppressions.filter(({ until }) => until === null || Date.parse(until) > Date.now());
  return (
    <section className="sheet" aria-labelledby="suppressions">
      <div className="sheet-head">
        <h2 id="suppressions">Suppressed rules</h2>
        <span className="quiet small">what they find stays in the ledger</span>
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} retry={() => void refetch()} />}
      {inForce?.length === 0 ? <p className="quiet">None. An alert’s “Suppress…” puts its rule here.</p> : null}
      <ul className="lines">
        {(inForce ?? []).map((entry) => (
          <li key={entry.id}>
            <span className="line-main">
              <span className="line-name">
                {rules?.rules.find(({ id }) => id === entry.rule_id)?.title ?? entry.rule_id}
                {conditionOf(entry)}
              </span>
              <span className="quiet small">
                “{printable(entry.reason)}” · {printable(entry.created_by.name)}, <Clock at={entry.created_at} /> ·{' '}
                {plural(entry.hits, 'finding')} since ·{' '}
                {entry.until === null ? (
                  'until lifted'
                ) : (
                  <>
                    until <Clock at={entry.until} short={false} />
                  </>
                )}
              </span>
            </span>
            {canChange ? (
              <Button size="compact-sm" variant="default" onClick={() => lift.mutate(entry.id)}>
                Lift
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

type Condition = Pick<Answer<'GET /v1/suppressions'>['suppressions'][number], 'host' | 'user' | 'field'>;

/** To whom and what it is bound; a rule that is silent everywhere says so. */
function conditionOf({ host, user, field }: Condition): string {
  const parts = [
    ...(host === null ? [] : [`on ${printable(host)}`]),
    ...(user === null ? [] : [`for user ${printable(user)}`]),
    ...(field === null ? [] : [`where ${printable(field.name)} is ${printable(field.value).slice(0, 80)}`]),
  ];
  return parts.length === 0 ? ' everywhere' : ` ${parts.join(', ')}`;
}
