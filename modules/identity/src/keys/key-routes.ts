import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { ApiKeys } from './api-keys.ts';
import type { ApiKey } from './key-store.ts';

const Key = Type.Object({
  id: Type.String(),
  name: Type.String(),
  scopes: Type.Array(Type.String()),
  source: Type.Optional(Type.String({ description: 'The only source events may be sent as with this key' })),
  createdAtMs: Type.Integer(),
  createdBy: Type.String(),
  makerId: Type.Optional(
    Type.String({ description: 'The person it was made by, also through other keys; none for the operator' }),
  ),
  expiresAtMs: Type.Optional(Type.Integer()),
  revokedAtMs: Type.Optional(Type.Integer()),
  suspendedAtMs: Type.Optional(
    Type.Integer({ description: 'Stopped since its maker was disabled or may do less, until it is resumed' }),
  ),
  lastUsedAtMs: Type.Optional(Type.Integer({ description: 'Rounded down to the minute, up to a minute late' })),
});

const KeyRequest = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    scopes: Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: 50 }),
    source: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    expiresAtMs: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
);

/** `/v1/keys`: create, list, revoke. */
export function createKeyRoutes(apiKeys: ApiKeys): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const config = { scope: 'keys:manage' };

    app.post(
      '/v1/keys',
      {
        config: { ...config, stepUp: true },
        schema: {
          summary: 'Create an API key; the key itself is shown only in this reply',
          tags: ['keys'],
          body: KeyRequest,
          response: { 201: Type.Intersect([Key, Type.Object({ key: Type.String() })]) },
        },
      },
      async (request, reply) => {
        const { key, token } = await apiKeys.createKey({ ...request.body, by: request.principal });
        return reply.code(201).send({ ...shown(key), key: token.reveal() });
      },
    );

    app.get(
      '/v1/keys',
      {
        config,
        schema: {
          summary: 'List API keys, newest first, revoked and expired ones included',
          tags: ['keys'],
          response: { 200: Type.Object({ keys: Type.Array(Key) }) },
        },
      },
      async () => ({ keys: (await apiKeys.listKeys()).map(shown) }),
    );

    app.delete(
      '/v1/keys/:id',
      {
        config,
        schema: {
          summary: 'Revoke an API key, effective at once',
          tags: ['keys'],
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await apiKeys.revokeKey({ id: request.params.id, by: request.principal });
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/v1/keys/:id/resume',
      {
        config: { ...config, stepUp: true },
        schema: {
          summary: 'Let a suspended key be used again; whoever does answers for it from then on',
          tags: ['keys'],
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
          response: { 200: Key },
        },
      },
      async (request) => shown(await apiKeys.resumeKey({ id: request.params.id, by: request.principal })),
    );
  };
}

/** The schema's lists are mutable, ours are not. */
function shown(key: ApiKey): Omit<ApiKey, 'scopes'> & { scopes: string[] } {
  return { ...key, scopes: [...key.scopes] };
}
