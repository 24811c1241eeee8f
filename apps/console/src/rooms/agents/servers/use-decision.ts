import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Request } from '../../../api/call.ts';
import type { ServerTool } from './servers-query.ts';

type Approval = Request<'POST /v1/agents/tool-servers/{id}/approve'>['body'];
type Decision = {
  readonly purpose: string;
  readonly approve?: Approval;
  readonly block?: Request<'POST /v1/agents/tool-servers/{id}/block'>['body'];
};

/** Approves or blocks; what is shown of the server is looked at again, also when it was refused because it changed. */
export function useDecision(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ purpose, approve, block }: Decision) =>
      approve === undefined
        ? call('POST /v1/agents/tool-servers/{id}/block', { params: { id }, body: block ?? {}, purpose })
        : call('POST /v1/agents/tool-servers/{id}/approve', { params: { id }, body: approve, purpose }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['agents', 'servers'] }),
  });
}

/** What was looked at, as it was shown. */
export function approvalOf(
  looked: readonly (Pick<ServerTool, 'kind' | 'name' | 'digest'> & { readonly instead_of?: string })[],
): Pick<Approval, 'tools' | 'offers'> {
  return {
    tools: looked.flatMap(({ kind, name, digest, instead_of }) =>
      kind === 'tool' ? [{ name, digest, ...(instead_of === undefined ? {} : { instead_of }) }] : [],
    ),
    offers: looked.flatMap(({ kind, name, digest, instead_of }) =>
      kind === 'tool' ? [] : [{ kind, name, digest, ...(instead_of === undefined ? {} : { instead_of }) }],
    ),
  };
}
