import { toolEffects } from '@sallyport/information-flow';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { offerKinds } from '@sallyport/tool-pins';
import { Type } from 'typebox';
import {
  ShownServer,
  ShownServerWithTools,
  ShownToolView,
  shownServer,
  shownTool,
  shownToolView,
  trustedAnswers,
} from './shown-server.ts';
import { pinnedKinds, toolServerLimits } from './tool-server.ts';
import type { ToolServers } from './tool-servers.ts';

const strict = { additionalProperties: false } as const;
const { perServer } = toolServerLimits;
const id = Type.String({ minLength: 1, maxLength: 100 });
const toolName = Type.String({ minLength: 1, maxLength: 256 });
/** Resources are asked for by their addresses. */
const offerName = Type.String({ minLength: 1, maxLength: 4096 });
const offerKind = Type.Enum([...offerKinds]);
const digest = Type.String({ pattern: '^sha256:[0-9a-f]{64}$' });
const reason = Type.Optional(Type.String({ maxLength: 500 }));
const Approval = Type.Object(
  {
    name: toolName,
    digest,
    instead_of: Type.Optional(digest),
    answers: Type.Optional(
      Type.Enum([...trustedAnswers], {
        description: 'Who keeps what it answers; `content`, what others write, is trusted nowhere',
      }),
    ),
    effects: Type.Optional(
      Type.Array(Type.Enum([...toolEffects]), {
        maxItems: toolEffects.length,
        description: 'What it does besides what its name says',
      }),
    ),
  },
  strict,
);

const OfferApproval = Type.Object(
  { kind: offerKind, name: offerName, digest, instead_of: Type.Optional(digest) },
  strict,
);

/** `/v1/agents/tool-servers`: which servers and tools agents may use. */
export function createToolServerRoutes(servers: ToolServers): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['agents'];
    const params = Type.Object({ id });
    const see = { scope: 'agents:read' };
    const decide = { scope: 'agents:manage', stepUp: true } as const;

    app.get(
      '/v1/agents/tool-servers',
      {
        config: see,
        schema: {
          summary: 'MCP servers that agents met, last seen first',
          tags,
          response: { 200: Type.Object({ servers: Type.Array(ShownServer) }) },
        },
      },
      async () => ({ servers: (await servers.show.list()).map(shownServer) }),
    );

    app.get(
      '/v1/agents/tool-servers/:id',
      {
        config: see,
        schema: { summary: 'One server with its tools', tags, params, response: { 200: ShownServerWithTools } },
      },
      async ({ params: of }) => shownWithTools(of.id),
    );

    app.get(
      '/v1/agents/tool-servers/:id/tools/:tool',
      {
        config: see,
        schema: {
          summary:
            'One tool, or anything else that is pinned: what it says of itself, what changed, and what about it is odd',
          tags,
          params: Type.Object({ id, tool: id }),
          response: { 200: ShownToolView },
        },
      },
      async ({ params: of }) => shownToolView(await servers.show.tool(of.id, of.tool)),
    );

    app.post(
      '/v1/agents/tool-servers/:id/approve',
      {
        config: decide,
        schema: {
          summary:
            'Let a server be used, with what is named here as it was shown; refused when something of it changed since',
          tags,
          params,
          body: Type.Object(
            {
              tools: Type.Array(Approval, { maxItems: perServer.tool }),
              offers: Type.Optional(
                Type.Array(OfferApproval, {
                  maxItems: perServer.prompt + perServer.resource + perServer.resource_template + 1,
                  description: 'Instructions, prompts, resources and templates of resources, as they were shown',
                }),
              ),
              keep_earlier: Type.Optional(
                Type.Boolean({ description: 'What was approved before stays approved beside it. Default false' }),
              ),
              lets_new: Type.Optional(Type.Boolean({ description: 'Let tools it gets later at once' })),
              reason,
            },
            strict,
          ),
          response: { 200: ShownServerWithTools },
        },
      },
      async ({ params: of, body, principal }) => {
        await servers.approve({
          id: of.id,
          tools: [...body.tools, ...(body.offers ?? [])].map(({ instead_of: insteadOf, ...tool }) => ({
            ...tool,
            ...(insteadOf === undefined ? {} : { insteadOf }),
          })),
          keepsEarlier: body.keep_earlier === true,
          ...(body.lets_new === undefined ? {} : { letsNew: body.lets_new }),
          reason: body.reason ?? '',
          by: principal,
        });
        return shownWithTools(of.id);
      },
    );

    app.post(
      '/v1/agents/tool-servers/:id/block',
      {
        config: decide,
        schema: {
          summary: 'Block a server, or one tool, prompt or resource of it, from the next call on',
          tags,
          params,
          body: Type.Object(
            {
              tool: Type.Optional(offerName),
              kind: Type.Optional(Type.Enum([...pinnedKinds], { description: 'What `tool` is. Default tool' })),
              reason,
            },
            strict,
          ),
          response: { 200: ShownServerWithTools },
        },
      },
      async ({ params: of, body, principal }) => {
        await servers.block({
          id: of.id,
          ...(body.tool === undefined ? {} : { tool: body.tool }),
          ...(body.kind === undefined ? {} : { kind: body.kind }),
          reason: body.reason ?? '',
          by: principal,
        });
        return shownWithTools(of.id);
      },
    );

    app.delete(
      '/v1/agents/tool-servers/:id',
      {
        config: decide,
        schema: {
          summary: 'Forget a server with all that is known of it; met again, it is new',
          tags,
          params,
          response: { 204: Type.Null() },
        },
      },
      async ({ params: of, principal }, reply) => {
        await servers.forget({ id: of.id, by: principal });
        return reply.code(204).send(null);
      },
    );

    async function shownWithTools(of: string) {
      const { each, ...overview } = await servers.show.server(of);
      const shown = each.map(shownTool);
      return {
        ...shownServer(overview),
        each: shown.filter(({ kind }) => kind === 'tool'),
        offered: shown.filter(({ kind }) => kind !== 'tool'),
      };
    }
  };
}
