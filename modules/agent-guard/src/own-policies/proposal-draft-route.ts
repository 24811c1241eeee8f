import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Proposals } from '../approvals/proposals.ts';
import { AgentGuardError } from '../errors.ts';
import type { OwnDocuments } from './own-documents.ts';
import { proposedDraft } from './proposed-draft.ts';

/** `/v1/agent/proposals/{id}/draft`: from a note of somebody who was asked to a document, which is in force nowhere. */
export function createProposalDraftRoute(needs: {
  readonly documents: Pick<OwnDocuments, 'create'>;
  readonly proposals: Pick<Proposals, 'list' | 'close'>;
}): RoutePlugin {
  return async (fastify) => {
    typedApp(fastify).post(
      '/v1/agent/proposals/:id/draft',
      {
        config: { scope: 'agents:manage' },
        schema: {
          summary:
            'Make a draft of a proposal, with whoever proposed it among its authors; the proposal is seen to by it',
          tags: ['agents'],
          params: Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) }),
          response: { 201: Type.Object({ document: Type.String({ description: 'Id of the document' }) }) },
        },
      },
      async ({ params: { id }, principal }, reply) => {
        const proposal = (await needs.proposals.list()).find((one) => one.id === id);
        if (proposal === undefined)
          throw new AgentGuardError('agent_proposal_not_found', `Cannot find proposal "${id}"`);
        const { id: document, draft } = proposedDraft(proposal);
        // Whoever proposed it wrote it too: they are not the second person who agrees to it.
        const proposer = { kind: 'user', id: proposal.by.id, name: proposal.by.name };
        await needs.documents.create(document, draft, principal, [proposer]);
        await needs.proposals.close({ id, note: `Made a draft of it: ${document}`, by: principal });
        return reply.code(201).send({ document });
      },
    );
  };
}
