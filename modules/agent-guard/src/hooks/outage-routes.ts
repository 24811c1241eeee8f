import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Outages } from './outages.ts';

/** `/v1/agent/outages`: what was asked in vain while the server could not be reached, told once it can be. */
export function createOutageRoutes(outages: Outages): RoutePlugin {
  return async (fastify) => {
    typedApp(fastify).post(
      '/v1/agent/outages',
      {
        config: { scope: 'agents:report' },
        schema: {
          summary: 'Hooks of a run that nobody answered while the server could not be reached',
          tags: ['agents'],
          body: Type.Object(
            {
              hooks: Type.Array(
                Type.Object(
                  {
                    at_ms: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 }),
                    tool: Type.String({ maxLength: 200 }),
                    went: Type.Boolean({ description: 'It went ahead, as the organisation chose' }),
                  },
                  { additionalProperties: false },
                ),
                { minItems: 1, maxItems: 100 },
              ),
            },
            { additionalProperties: false },
          ),
          response: { 204: Type.Null() },
        },
      },
      async ({ body, principal }, reply) => {
        await outages.told({
          sessionId: principal.id,
          hooks: body.hooks.map(({ at_ms: atMs, tool, went }) => ({ atMs, tool, went })),
        });
        return reply.code(204).send(null);
      },
    );
  };
}
