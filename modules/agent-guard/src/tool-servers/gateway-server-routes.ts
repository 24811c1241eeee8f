import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { offerKinds, toolLimits } from '@sallyport/tool-pins';
import { serverStates, toolServerLimits } from './tool-server.ts';
import type { ToolServers } from './tool-servers.ts';

const strict = { additionalProperties: false } as const;
/** Schemas come along, and are long. */
const bodyLimitBytes = 8 * 1024 * 1024;
const { perServer } = toolServerLimits;
const said = Type.Record(Type.String(), Type.Unknown(), { maxProperties: 50 });
const seen = {
  name: Type.String(),
  isLet: Type.Boolean(),
  digest: Type.Optional(Type.String({ description: 'To be named with each call' })),
  reason: Type.Optional(Type.String()),
};

/** `POST /v1/agent/gateway/servers`: a gateway tells what it met, and hears what of it may be used. */
export function createGatewayServerRoutes(servers: Pick<ToolServers, 'see'>): RoutePlugin {
  return async (fastify) => {
    typedApp(fastify).post(
      '/v1/agent/gateway/servers',
      {
        config: { scope: 'agents:report', bodyLimitBytes },
        schema: {
          summary: 'An MCP server that a run met, with what it offers as it described it; what of that may be used',
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
              tools: Type.Optional(
                Type.Array(said, {
                  maxItems: perServer.tool,
                  description:
                    'name, title, description, inputSchema, outputSchema, annotations, icons: the rest is not read',
                }),
              ),
              prompts: Type.Optional(Type.Array(said, { maxItems: perServer.prompt })),
              resources: Type.Optional(Type.Array(said, { maxItems: perServer.resource })),
              resourceTemplates: Type.Optional(Type.Array(said, { maxItems: perServer.resource_template })),
              instructions: Type.Optional(
                Type.String({
                  maxLength: toolLimits.characters,
                  description: 'Of its handshake; the model reads them',
                }),
              ),
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
              tools: Type.Array(Type.Object(seen)),
              offers: Type.Array(
                Type.Object({
                  kind: Type.Enum([...offerKinds]),
                  ...seen,
                  isNew: Type.Optional(Type.Boolean({ description: 'Nobody ever decided about it' })),
                }),
                { description: 'What else was told of: its instructions, prompts, resources, templates of them' },
              ),
            }),
          },
        },
      },
      async ({ body: { serverInfo, prompts, resources, resourceTemplates, ...told }, principal }) => {
        const says = ['name', 'version'].flatMap((field) => {
          const value = serverInfo?.[field];
          return typeof value === 'string' ? [value.slice(0, 200).toWellFormed()] : [];
        });
        const { server, reason, tools } = await servers.see({
          sessionId: principal.id,
          told: {
            ...told,
            offers: {
              ...(prompts === undefined ? {} : { prompt: prompts }),
              ...(resources === undefined ? {} : { resource: resources }),
              ...(resourceTemplates === undefined ? {} : { resource_template: resourceTemplates }),
            },
            ...(says.length === 0 ? {} : { says: says.join(' ') }),
          },
        });
        return {
          server: { id: server.id, state: server.state, ...(reason === undefined ? {} : { reason }) },
          tools: tools.flatMap(({ kind, isNew: _isNew, ...tool }) => (kind === 'tool' ? [tool] : [])),
          offers: tools.flatMap(({ kind, ...offer }) => (kind === 'tool' ? [] : [{ kind, ...offer }])),
        };
      },
    );
  };
}
