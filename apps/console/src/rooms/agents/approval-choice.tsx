import { Select } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { agentsQuery } from './agents-query.ts';
import type { Agent } from './agents-query.ts';

const modeWords: Readonly<Record<Agent['approvals'], string>> = {
  auto: 'Asks in its harness, else here',
  central: 'Always asks here',
  off: 'Asks nobody: a no',
};
const modes: readonly Agent['approvals'][] = ['auto', 'central', 'off'];

/** Where people are asked about an agent's calls, from its next call on. */
export function ApprovalChoice({ agent, canManage }: { readonly agent: Agent; readonly canManage: boolean }) {
  const queries = useQueryClient();
  const choose = useMutation({
    mutationFn: (approvals: Agent['approvals']) =>
      call('PATCH /v1/agents/{id}', {
        params: { id: agent.id },
        body: { approvals },
        purpose: `change where people are asked about ${agent.name}`,
      }),
    onSettled: () => queries.invalidateQueries({ queryKey: agentsQuery.queryKey }),
  });
  return (
    <>
      {choose.error === null ? null : <ProblemNotice problem={choose.error} />}
      <Select
        aria-label={`Where people are asked about ${agent.name}`}
        size="xs"
        allowDeselect={false}
        disabled={!canManage || choose.isPending}
        data={modes.map((mode) => ({ value: mode, label: modeWords[mode] }))}
        value={agent.approvals}
        onChange={(value) => {
          const mode = modes.find((one) => one === value);
          if (mode !== undefined && mode !== agent.approvals) choose.mutate(mode);
        }}
      />
    </>
  );
}
