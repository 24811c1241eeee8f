import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import { Clock } from '../../../parts/clock.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { proposalsQuery } from './approvals-query.ts';

/** What policies should answer by themselves, in the words of those who were asked. */
export function ProposalsSheet({ canClose }: { readonly canClose: boolean }) {
  const queries = useQueryClient();
  const { data } = useQuery(proposalsQuery);
  const close = useMutation({
    mutationFn: (id: string) => call('POST /v1/agent/proposals/{id}/close', { params: { id }, body: {} }),
    onSettled: () => queries.invalidateQueries({ queryKey: proposalsQuery.queryKey }),
  });
  const proposals = data?.proposals ?? [];
  if (proposals.length === 0) return null;
  return (
    <section className="sheet" aria-label="Proposed changes of policy">
      <h2>Proposed changes of policy</h2>
      {close.error === null ? null : <ProblemNotice problem={close.error} />}
      <ul className="lines wrapping">
        {proposals.map((proposal) => (
          <li key={proposal.id}>
            <span className="line-main">
              <span className="line-name breaks">{printable(proposal.words)}</span>
              <span className="quiet small breaks">
                {printable(proposal.by.name)}, <Clock at={proposal.at_ms} />, about “{printable(proposal.title)}”
                {proposal.policies.length === 0 ? '' : ` · asked by ${proposal.policies.map(printable).join(', ')}`}
              </span>
            </span>
            {canClose ? (
              <Button
                size="compact-sm"
                variant="default"
                loading={close.isPending && close.variables === proposal.id}
                onClick={() => close.mutate(proposal.id)}
              >
                Seen to
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  );
}
