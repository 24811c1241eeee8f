import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { callSchema, scope } from './call-schema.ts';
import type { ReachedRates } from './reached-rates.ts';

const strict = { additionalProperties: false } as const;

/** `/v1/agent/gateway/rates`: what a gateway refused because it came too fast, and so asked nobody about. */
export function createRateRoutes(rates: Pick<ReachedRates, 'told'>): RoutePlugin {
  return async (fastify) => {
    typedApp(fastify).post(
      '/v1/agent/gateway/rates',
      {
        config: { scope },
        schema: {
          summary: 'Calls of MCP that were refused because they came faster than they may',
          tags: ['agents'],
          body: Type.Object(
            {
              server: callSchema.server,
              rate: Type.Enum(['calls', 'tool_calls'], { description: 'Of all of the server, or of one thing of it' }),
              refused: Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'Since it was told last' }),
              of: Type.Optional(
                Type.String({ minLength: 1, maxLength: 256, description: 'What was called too often' }),
              ),
            },
            strict,
          ),
          response: { 200: Type.Object({ recorded: Type.Integer() }) },
        },
      },
      async ({ body: { server, rate, refused, of }, principal }) => {
        await rates.told(principal.id, {
          server,
          rate,
          refused,
          ...(of === undefined ? {} : { of: of.toWellFormed() }),
        });
        return { recorded: refused };
      },
    );
  };
}
