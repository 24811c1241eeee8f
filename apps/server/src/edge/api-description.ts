import swagger from '@fastify/swagger';
import { agentActions, deviceActions } from '@sallyport/access-policy';
import type { FastifyContextConfig, FastifyInstance } from 'fastify';

/** `GET /v1/openapi.json`: the whole API in OpenAPI 3.1, made from the routes' own schemas. Register before the routes. */
export async function describeApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Sallyport', version, description: 'Errors are problem details (RFC 9457) with a stable `code`.' },
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'An API key: `sp_…`' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: '__Host-sallyport',
            description: '`sallyport` on plain HTTP. To change something: with the header `x-sallyport: 1`',
          },
          device: {
            type: 'http',
            scheme: 'bearer',
            description: 'A device’s token, `spd_…`; for a WebSocket also `bearer.spd_…` among its protocols',
          },
          agent: { type: 'http', scheme: 'bearer', description: 'The credential of a run of an agent, `spa_…`' },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      const { config } = route;
      const scope = config?.scope;
      const described = {
        ...schema,
        security: securityOf(config),
        ...(scope === undefined
          ? {}
          : {
              description: `${describedAs(schema)}Scope: \`${scope}\`${config?.stepUp === true ? '; people confirm first that it is them' : ''}`,
              'x-sallyport-action': scope,
              'x-sallyport-resource': config?.resource?.kind ?? (config?.narrowed === true ? 'site' : 'server'),
            }),
        ...(config?.stepUp === true ? { 'x-sallyport-step-up': true } : {}),
        response: { ...responsesOf(schema), default: problemResponse },
      };
      return { schema: described, url };
    },
  });
  app.get(
    '/v1/openapi.json',
    {
      config: { public: true },
      schema: {
        summary: 'This description',
        tags: ['meta'],
        response: { 200: { description: 'OpenAPI 3.1', type: 'object', additionalProperties: true } },
      },
    },
    async () => app.swagger(),
  );
}

const problemResponse = {
  description: 'What went wrong',
  content: {
    'application/problem+json': {
      schema: {
        type: 'object',
        required: ['type', 'title', 'status', 'detail', 'code', 'instance'],
        properties: {
          type: { type: 'string' },
          title: { type: 'string' },
          status: { type: 'integer' },
          detail: { type: 'string' },
          code: { type: 'string', description: 'Stable' },
          instance: { type: 'string', description: 'The correlation id' },
          hint: { type: 'string' },
          details: { type: 'object' },
          errors: { type: 'array', items: { type: 'object' } },
        },
      },
    },
  },
};

function describedAs(schema: { description?: string } | undefined): string {
  return schema?.description === undefined ? '' : `${schema.description}\n\n`;
}

/** What devices are for, people and keys are never allowed. */
function securityOf(config: FastifyContextConfig | undefined): { readonly [scheme: string]: readonly string[] }[] {
  if (config?.public === true) return [];
  if (agentActions.some((action) => action === config?.scope)) return [{ agent: [] }];
  return deviceActions.some((action) => action === config?.scope) ? [{ device: [] }] : [{ key: [] }, { session: [] }];
}

function responsesOf(schema: { response?: unknown } | undefined): object {
  const response = schema?.response;
  return typeof response === 'object' && response !== null ? response : {};
}
