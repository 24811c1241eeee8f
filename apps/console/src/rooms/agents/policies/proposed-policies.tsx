import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import { useAddress } from '../../../app/address.ts';
import { Clock } from '../../../parts/clock.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { proposalsQuery } from '../approvals/approvals-query.ts';

/** What people who were asked about calls want policy to answer by itself: each becomes a draft with one press. */
export function ProposedPolicies() {
  const { change } = useAddress();
  const queries = useQueryClient();
  const { data } = useQuery(proposalsQuery);
  const draft = useMutation({
    mutationFn: (id: string) => call('POST /v1/agent/proposals/{id}/draft', { params: { id } }),
    async onSuccess({ document }) {
      change({ document });
      await queries.invalidateQueries({ queryKey: ['agent-policies'] });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: proposalsQuery.queryKey }),
  });
  const proposals = data?.proposals ?? [];
  if (proposals.length === 0) return null;
  return (
    <section className="sheet stack tight" aria-label="Proposed">
      <h2>Proposed</h2>
      {draft.error === null ? null : <ProblemNotice problem={draft.error} />}
      <ul className="lines">
        {proposals.map(({ id, title, words, by, at_ms: atMs }) => (
          <li key={id}>
            <span className="line-main">
              <span className="line-name">{printable(words)}</span>
              <span className="quiet small">
                {printable(by.name)} about “{printable(title)}”, <Clock at={atMs} />
              </span>
            </span>
            <Button
              size="xs"
              variant="default"
              loading={draft.isPending && draft.variables === id}
              disabled={draft.isPending && draft.variables !== id}
              onClick={() => draft.mutate(id)}
            >
              Make a draft
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
