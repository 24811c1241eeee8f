import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { harnesses } from '../sessions/agent.ts';
import { hookBody } from './hook-desk.ts';
import type { HookDesk } from './hook-desk.ts';
import { withWaiting } from './wait-of.ts';

/** What a tool gave back comes along, and may be long. */
const bodyLimitBytes = 8 * 1024 * 1024;

/** `/v1/agent/hooks`: what a harness asks before a tool runs, and tells after it ran. */
export function createHookRoutes(hooks: HookDesk): RoutePlugin {
  return async (fastify) => {
    typedApp(fastify).post(
      '/v1/agent/hooks/:harness',
      {
        config: { scope: 'agents:report', bodyLimitBytes, leavesRecord: true },
        schema: {
          summary: 'A hook of an agent’s harness, in its own words; the answer is in them too',
          tags: ['agents'],
          params: Type.Object({ harness: Type.Enum([...harnesses]) }),
          body: Type.Record(Type.String({ maxLength: 200 }), Type.Unknown(), {
            maxProperties: 100,
            description: 'As the harness sends it',
          }),
          response: { 200: Type.Record(Type.String(), Type.Unknown()) },
        },
      },
      async (request, reply) => {
        const { harness } = request.params;
        const { body, principal } = request;
        return withWaiting({ request, reply }, async (waiting) => ({
          ...(await hooks.answer({
            sessionId: principal.id,
            harness,
            body: hookBody(body),
            waiting,
            onRecorded: () => request.leftRecord(),
          })),
        }));
      },
    );
  };
}
