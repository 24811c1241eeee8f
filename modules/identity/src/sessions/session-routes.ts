import { typedApp, type Principal, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { IdentityError } from '../errors.ts';
import type { PeopleServices } from '../people/create-people.ts';
import type { PeopleNeeds } from '../needs.ts';
import { isoTime, Me, meOf, sessionIdOf } from './session-format.ts';
import { atBest } from './session-principal.ts';

const ShownSession = Type.Object({
  id: Type.String(),
  user: Type.Object({ id: Type.String(), name: Type.String() }),
  created_at: Type.String({ format: 'date-time' }),
  last_seen_at: Type.String({ format: 'date-time', description: 'Up to a minute late' }),
  expires_at: Type.String({ format: 'date-time', description: 'In any case' }),
  idle_expires_at: Type.String({ format: 'date-time', description: 'Unless somebody uses it with their own hands' }),
  address: Type.String(),
  agent: Type.String(),
  current: Type.Boolean(),
  methods: Type.Array(Type.String()),
  assurance: Type.Integer({ description: 'As in GET /v1/session' }),
  browser_key: Type.Union([Type.String(), Type.Null()], {
    description: 'Thumbprint (RFC 7638) of the key of the browser it is bound to',
  }),
  provider: Type.Union([Type.String(), Type.Null()], { description: 'Id of the identity provider' }),
});

/** `/v1/session` (one's own) and `/v1/sessions`. */
export function createSessionRoutes(
  services: Pick<PeopleServices, 'sessions' | 'organization'>,
  needs: Pick<PeopleNeeds, 'policy' | 'database' | 'outbox'>,
): RoutePlugin {
  const { sessions, organization } = services;
  return async (fastify) => {
    const app = typedApp(fastify);
    const config = { scope: 'sessions:own' };
    const tags = ['sessions'];

    app.get(
      '/v1/session',
      { config, schema: { summary: 'Who is signed in', tags, response: { 200: Me } } },
      async (request) => {
        const { principal } = request;
        const session = await sessions.find(sessionIdOf(principal));
        if (session === undefined)
          throw new IdentityError('session_not_found', 'Cannot show the session: it has ended');
        // What their page offers: what is refused at this hour says so when it is asked for.
        return meOf(atBest(principal, needs.policy), session, await organization.read());
      },
    );

    app.delete(
      '/v1/session',
      { config, schema: { summary: 'Sign out', tags, response: { 204: Type.Null() } } },
      async (request, reply) => {
        const by = request.principal;
        await sessions.end({ id: sessionIdOf(by), by, anybodys: false });
        reply.endSession();
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/v1/sessions',
      {
        config,
        schema: {
          summary: 'One’s own sessions, newest first; with `all=1` everybody’s, which needs users:manage',
          tags,
          querystring: Type.Object({ all: Type.Optional(Type.Literal('1')) }, { additionalProperties: false }),
          response: { 200: Type.Object({ sessions: Type.Array(ShownSession) }) },
        },
      },
      async (request) => {
        const { principal } = request;
        const all = request.query.all === '1' && requireManager(principal);
        if (!all) sessionIdOf(principal);
        const listed = await sessions.list(all ? undefined : principal.id);
        return {
          sessions: listed.map((session) => ({
            id: session.id,
            user: { id: session.userId, name: session.userName },
            created_at: isoTime(session.createdAtMs),
            last_seen_at: isoTime(session.lastSeenAtMs),
            expires_at: isoTime(session.expiresAtMs),
            idle_expires_at: isoTime(session.idleExpiresAtMs),
            address: session.address,
            agent: session.agent,
            current: session.id === principal.sessionId,
            methods: [...session.methods],
            assurance: session.assurance,
            browser_key: session.browserKey ?? null,
            provider: session.provider?.id ?? null,
          })),
        };
      },
    );

    app.delete(
      '/v1/sessions',
      {
        config,
        schema: {
          summary:
            'Sign out everywhere; with `others=1` everywhere else; with `user` all sessions of somebody else, which needs users:manage',
          tags,
          querystring: Type.Object(
            {
              others: Type.Optional(Type.Literal('1')),
              user: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
            },
            { additionalProperties: false },
          ),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const { principal, query } = request;
        if (query.user !== undefined && query.user !== principal.id) {
          requireManager(principal);
          await request.requireFreshProof();
          await sessions.endWhere({ userId: query.user }, { by: principal, reason: 'all sessions of one person' });
          return reply.code(204).send(null);
        }
        const own = sessionIdOf(principal);
        const kept = query.others === '1' ? own : undefined;
        await needs.database
          .transaction()
          .execute((transaction) => sessions.endAllOf(transaction, principal, principal, kept));
        await needs.outbox.flushed();
        if (kept === undefined) reply.endSession();
        return reply.code(204).send(null);
      },
    );

    app.delete(
      '/v1/sessions/:id',
      {
        config,
        schema: {
          summary: 'End a session at once: one’s own, or with users:manage anybody’s',
          tags,
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const by = request.principal;
        const { id } = request.params;
        const anybodys = by.scopes.includes('users:manage');
        // One's own are ended in a hurry, and nobody gains by it.
        if (anybodys && (await sessions.find(id))?.userId !== by.id) await request.requireFreshProof();
        await sessions.end({ id, by, anybodys });
        if (request.params.id === by.sessionId) reply.endSession();
        return reply.code(204).send(null);
      },
    );
  };
}

/** True, or throws `others_hidden`. */
function requireManager(principal: Principal): true {
  if (principal.scopes.includes('users:manage')) return true;
  throw new IdentityError(
    'others_hidden',
    `Cannot show the sessions of others to ${principal.kind} "${principal.id}": must be allowed "users:manage"`,
  );
}
