import type { AccessPolicy } from '@sallyport/access-policy';
import { typedApp, type Principal, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { ApiKeys } from './api-keys.ts';
import { idleScopes } from './idle-scopes.ts';
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
  networks: Type.Optional(Type.Array(Type.String(), { description: 'The only networks it may be used from' })),
  sites: Type.Optional(Type.Array(Type.String(), { description: 'The only sites it is for; else everywhere' })),
  idle: Type.Array(Type.String(), {
    description: 'Scopes without effect, since its maker may not do this now; with sites: at none of them',
  }),
  rotatedAtMs: Type.Optional(Type.Integer({ description: 'When it was last given another secret' })),
  previousEndsAtMs: Type.Optional(Type.Integer({ description: 'Until when the secret of before is good too' })),
  previousUsedAtMs: Type.Optional(Type.Integer({ description: 'When the secret of before was last used' })),
});

const Days = Type.Union([Type.Integer({ minimum: 1, maximum: 3650 }), Type.Null()]);
const Lifetimes = Type.Object(
  {
    defaultDays: Type.Union([...Days.anyOf], { description: 'Of keys that nobody gives an end; null: none' }),
    mostDays: Type.Union([...Days.anyOf], { description: 'The longest a key may last; null: for ever' }),
  },
  { additionalProperties: false },
);
const Moment = Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], { description: 'Null: it has no end' });

const KeyRequest = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    scopes: Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: 50 }),
    source: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    expiresAtMs: Type.Optional(Moment),
    networks: Type.Optional(
      Type.Array(Type.String({ minLength: 2, maxLength: 60 }), {
        minItems: 1,
        maxItems: 50,
        description: 'Such as `192.0.2.0/24` or `2001:db8::/32`',
      }),
    ),
    sites: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 60 }), {
        minItems: 1,
        maxItems: 100,
        description: 'Names of sites, as on cameras and devices: it is for what stands there alone',
      }),
    ),
  },
  { additionalProperties: false },
);

/** `/v1/keys`: create, list, rotate, revoke, and how long they last. */
export function createKeyRoutes(
  { apiKeys, answering }: { readonly apiKeys: ApiKeys; answering(userId: string): Promise<Principal> },
  needs: { readonly policy: Pick<AccessPolicy, 'decide'> },
): RoutePlugin {
  /** The schema's lists are mutable, ours are not. */
  const shownWith = (key: ApiKey, maker: Principal | undefined) => {
    const { networks, sites, ...rest } = key;
    return {
      ...rest,
      scopes: [...key.scopes],
      idle: idleScopes(key, maker, needs.policy),
      ...(networks === undefined ? {} : { networks: [...networks] }),
      ...(sites === undefined ? {} : { sites: [...sites] }),
    };
  };
  const shown = async (key: ApiKey) =>
    shownWith(key, key.makerId === undefined ? undefined : await answering(key.makerId));
  const shownAll = async (keys: readonly ApiKey[]) => {
    const ids = [...new Set(keys.flatMap(({ makerId }) => makerId ?? []))];
    const makers = new Map<string, Principal>();
    for (const id of ids) makers.set(id, await answering(id));
    return keys.map((key) => shownWith(key, makers.get(key.makerId ?? '')));
  };

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
        const { key, token } = await apiKeys.issueKey({ ...request.body, by: request.principal });
        return reply.code(201).send({ ...(await shown(key)), key: token.reveal() });
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
      async () => ({ keys: await shownAll(await apiKeys.listKeys()) }),
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
      '/v1/keys/:id/rotate',
      {
        config: { ...config, stepUp: true },
        schema: {
          summary: 'Give a key another secret, shown only in this reply; the one there was goes on for a while (a day)',
          tags: ['keys'],
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
          body: Type.Object(
            {
              overlapMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 604_800_000, default: 86_400_000 })),
              expiresAtMs: Type.Optional(Moment),
            },
            { additionalProperties: false },
          ),
          response: { 200: Type.Intersect([Key, Type.Object({ key: Type.String() })]) },
        },
      },
      async (request) => {
        const { overlapMs = 86_400_000, ...rest } = request.body;
        const { key, token } = await apiKeys.rotateKey({
          ...rest,
          overlapMs,
          id: request.params.id,
          by: request.principal,
        });
        return { ...(await shown(key)), key: token.reveal() };
      },
    );

    app.get(
      '/v1/settings/key-lifetimes',
      { config, schema: { summary: 'How long API keys last', tags: ['keys'], response: { 200: Lifetimes } } },
      async () => apiKeys.lifetimes.read(),
    );

    app.put(
      '/v1/settings/key-lifetimes',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Say how long API keys last that are made or rotated from now on',
          tags: ['keys'],
          body: Lifetimes,
          response: { 200: Lifetimes },
        },
      },
      async (request) => apiKeys.lifetimes.change({ lifetimes: request.body, by: request.principal }),
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
