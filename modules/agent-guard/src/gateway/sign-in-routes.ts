import { agentSignInChanges } from '@sallyport/contracts';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { SignIns } from './sign-ins.ts';

const strict = { additionalProperties: false } as const;
const address = Type.String({ pattern: '^https?://[^\\s?#]{1,990}$' });

/** `/v1/agent/gateway/sign-ins`: what happened to sign-ins to remote tool servers, told before one is used. */
export function createSignInRoutes(signIns: SignIns): RoutePlugin {
  return async (fastify) => {
    typedApp(fastify).post(
      '/v1/agent/gateway/sign-ins',
      {
        config: { scope: 'agents:report' },
        schema: {
          summary: 'What a person did to their sign-ins to remote tool servers, and which of them ended; no tokens',
          tags: ['agents'],
          body: Type.Object(
            {
              events: Type.Array(
                Type.Object(
                  {
                    change: Type.Enum([...agentSignInChanges]),
                    at_ms: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 }),
                    name: Type.Optional(Type.String({ pattern: '^[\\w.-]{1,64}$' })),
                    server: address,
                    issuer: address,
                    scopes: Type.Array(Type.String({ pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,200}$' }), {
                      maxItems: 64,
                    }),
                    reason: Type.Optional(Type.String({ pattern: '^[\\w-]{1,60}$', description: 'As OAuth names it' })),
                  },
                  strict,
                ),
                { minItems: 1, maxItems: 100 },
              ),
            },
            strict,
          ),
          response: { 200: Type.Object({ recorded: Type.Integer() }) },
        },
      },
      async ({ body: { events }, principal }) => {
        await signIns.told({
          sessionId: principal.id,
          events: events.map(({ at_ms: atMs, ...event }) => ({ ...event, atMs })),
        });
        return { recorded: events.length };
      },
    );
  };
}
