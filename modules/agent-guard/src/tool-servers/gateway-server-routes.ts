import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { serverStates, toolServerLimits } from './tool-server.ts';
import type { ToolServers } from './tool-servers.ts';

const strict = { additionalProperties: false } as const;
/** Schemas come along, and are long. */
const bodyLimitBytes = 8 * 1024 * 1024;

/** `POST /v1/agent/gateway/servers`: a gateway tells what it met, and hears what of it may be used. */
export function createGatewayServerRoutes(servers: Pick<ToolServers, 'see'>): RoutePlugin {
  return async (fastify) => {
    typedApp(fastify).post(
      '/v1/agent/gateway/servers',
      {
        config: { scope: 'agents:report', bodyLimitBytes },
        schema: {
          summary: 'An MCP server that a run met, with its tools as it described them; which of them may be used',
          tags: ['agents'],
          body: Type.Object(
            {
              name: Type.String({ minLength: 1, maxLength: 200, description: 'As the harness calls it' }),
              transport: Type.Enum(['stdio', 'http']),
              target: Type.String({ minLength: 1, maxLength: 4096, description: 'Command line or address' }),
              protocol: Type.String({ maxLength: 100 }),
              serverInfo: Type.Optional(
                Type.Record(Type.String({ maxLength: 200 }), Type.Unknown(), {
                  maxProperties: 50,
                  description: '`name` and `version` are kept, as what it calls itself',
                }),
              ),
              tools: Type.Array(Type.Record(Type.String(), Type.Unknown(), { maxProperties: 50 }), {
                maxItems: toolServerLimits.toolsPerServer,
                description:
                  'name, title, description, inputSchema, outputSchema, annotations, icons: the rest is not read',
              }),
            },
            strict,
          ),
          response: {
            200: Type.Object({
              server: Type.Object({
                id: Type.String(),
                state: Type.Enum([...serverStates]),
                reason: Type.Optional(Type.String()),
              }),
              tools: Type.Array(
                Type.Object({
                  name: Type.String(),
                  isLet: Type.Boolean(),
                  digest: Type.Optional(Type.String({ description: 'To be named with each call' })),
                  reason: Type.Optional(Type.String()),
                }),
              ),
            }),
          },
        },
      },
      async ({ body: { serverInfo, ...told }, principal }) => {
        const says = ['name', 'version'].flatMap((field) => {
          const value = serverInfo?.[field];
          return typeof value === 'string' ? [value.slice(0, 200).toWellFormed()] : [];
        });
        const { server, reason, tools } = await servers.see({
          sessionId: principal.id,
          told: { ...told, ...(says.length === 0 ? {} : { says: says.join(' ') }) },
        });
        return {
          server: { id: server.id, state: server.state, ...(reason === undefined ? {} : { reason }) },
          tools: tools.map((tool) => ({ ...tool })),
        };
      },
    );
  };
}
