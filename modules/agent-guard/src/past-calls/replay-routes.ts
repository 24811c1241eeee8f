import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import { packNames } from '../decisions/index.ts';
import type { PackDecisions } from '../decisions/index.ts';
import { AgentGuardError } from '../errors.ts';
import type { AgentSessions } from '../sessions/agent-sessions.ts';
import { replayCalls, replayLimits, type PastCalls } from './replay-calls.ts';

const Verdict = Type.Enum(['allow', 'ask', 'deny']);
const ShownReplay = Type.Object({
  calls: Type.Integer({ description: 'Calls looked at, the newest first' }),
  untold: Type.Integer({ description: 'Of them those whose record does not say enough to judge them again' }),
  different: Type.Integer({ description: 'Of them those that would be answered otherwise' }),
  from_ms: Type.Optional(Type.Integer()),
  until_ms: Type.Optional(Type.Integer()),
  partly: Type.Boolean({ description: 'There are more kinds of differences than are shown' }),
  differences: Type.Array(
    Type.Object({
      tool: Type.String(),
      server: Type.Optional(Type.String()),
      action: Type.String(),
      was: Verdict,
      would: Verdict,
      people: Type.Optional(
        Type.Integer({ description: 'So many different people would have to say yes, where one is not enough' }),
      ),
      reason: Type.String(),
      policies: Type.Array(Type.String()),
      calls: Type.Integer(),
      last_ms: Type.Integer(),
      position: Type.String({ description: 'The newest of them in the ledger' }),
    }),
  ),
});

/** `/v1/agents/{id}/replay`: what other policies would have said. */
export function createReplayRoutes(needs: {
  readonly sessions: Pick<AgentSessions, 'agents'>;
  readonly packs: PackDecisions;
  readonly pastCalls: PastCalls;
}): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    app.get(
      '/v1/agents/:id/replay',
      {
        config: { scope: 'agents:read' },
        schema: {
          summary:
            'What other policies would have said of the last calls of an agent, each with its facts as they were',
          tags: ['agents'],
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
          querystring: Type.Object(
            {
              pack: Type.Enum([...packNames]),
              last: Type.Optional(
                Type.Integer({ minimum: 1, maximum: replayLimits.calls, description: 'How many calls. Default 1000' }),
              ),
            },
            { additionalProperties: false },
          ),
          response: { 200: ShownReplay },
        },
      },
      async ({ params, query, signal }): Promise<Static<typeof ShownReplay>> => {
        const decisions = needs.packs.get(query.pack);
        const isKnown = (await needs.sessions.agents()).some(({ id }) => id === params.id);
        if (decisions === undefined || !isKnown)
          throw new AgentGuardError('agent_not_found', 'Cannot look at its calls: there is no such agent');
        const replayed = await replayCalls(needs.pastCalls, {
          agentId: params.id,
          last: query.last ?? 1000,
          decisions,
          signal,
        });
        const { fromMs, untilMs, isPartly, differences, ...counts } = replayed;
        return {
          ...counts,
          ...(fromMs === undefined ? {} : { from_ms: fromMs }),
          ...(untilMs === undefined ? {} : { until_ms: untilMs }),
          partly: isPartly,
          differences: differences.map(({ lastMs, policies, ...rest }) => ({
            ...rest,
            policies: [...policies],
            last_ms: lastMs,
          })),
        };
      },
    );
  };
}
