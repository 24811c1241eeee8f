import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import type { Approvals } from './approvals.ts';
import type { Proposal, Proposals } from './proposals.ts';

const ShownProposal = Type.Object({
  id: Type.String(),
  agent_id: Type.String(),
  approval_id: Type.String(),
  tool: Type.String(),
  place: Type.String(),
  title: Type.String(),
  policies: Type.Array(Type.String(), { description: 'Those that asked' }),
  words: Type.String({ description: 'What should be, in the words of whoever proposed it' }),
  by: Type.Object({ id: Type.String(), name: Type.String() }),
  at_ms: Type.Integer(),
});
const id = Type.String({ minLength: 1, maxLength: 100 });

/** `/v1/agent/proposals`: what policies should answer by themselves, from those who were asked, for those who choose policies. */
export function createProposalRoutes(proposals: Proposals, approvals: Pick<Approvals, 'kept'>): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['agents'];

    app.get(
      '/v1/agent/proposals',
      {
        config: { scope: 'agents:read' },
        schema: {
          summary: 'Changes of policy that were proposed, newest first',
          tags,
          response: { 200: Type.Object({ proposals: Type.Array(ShownProposal) }) },
        },
      },
      async () => ({ proposals: (await proposals.list()).map(shown) }),
    );

    app.post(
      '/v1/agent/proposals',
      {
        config: { scope: 'agents:run' },
        schema: {
          summary: 'Propose that policy answers a question from now on; a note for whoever has `agents:manage`',
          tags,
          body: Type.Object(
            { approval_id: id, words: Type.String({ minLength: 1, maxLength: 500 }) },
            { additionalProperties: false },
          ),
          response: { 201: ShownProposal },
        },
      },
      async ({ body, principal }, reply) => {
        const approval = await approvals.kept(body.approval_id, principal);
        return reply.code(201).send(shown(await proposals.propose({ approval, words: body.words, by: principal })));
      },
    );

    app.post(
      '/v1/agent/proposals/:id/close',
      {
        config: { scope: 'agents:manage' },
        schema: {
          summary: 'Say that a proposal was seen to',
          tags,
          params: Type.Object({ id }),
          body: Type.Object({ note: Type.Optional(Type.String({ maxLength: 500 })) }, { additionalProperties: false }),
          response: { 204: Type.Null() },
        },
      },
      async ({ params, body, principal }, reply) => {
        await proposals.close({ id: params.id, note: body.note ?? '', by: principal });
        return reply.code(204).send(null);
      },
    );
  };
}

function shown({ agentId, approvalId, atMs, policies, ...proposal }: Proposal): Static<typeof ShownProposal> {
  return { ...proposal, policies: [...policies], agent_id: agentId, approval_id: approvalId, at_ms: atMs };
}
