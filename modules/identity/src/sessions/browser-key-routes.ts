import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { PeopleServices } from '../people/create-people.ts';
import { sessionIdOf } from './session-format.ts';

/** How a browser shows its key, and gets a token in place of one that is past its time: decision 0057. */
export function createBrowserKeyRoutes({
  sessions,
  browserKeys,
}: Pick<PeopleServices, 'sessions' | 'browserKeys'>): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['sign-in'];

    app.post(
      '/v1/session/key/challenge',
      {
        config: { public: true },
        schema: {
          summary: 'A challenge for the key of a browser that is about to sign in; the proof goes in `x-sallyport-key`',
          tags,
          response: { 200: Type.Object({ challenge: Type.String() }) },
        },
      },
      async () => ({ challenge: browserKeys.challenge() }),
    );

    app.post(
      '/v1/session/streams',
      {
        // Of itself, while somebody only looks: it keeps no session awake.
        config: { scope: 'sessions:own', keyProof: true, background: true },
        schema: {
          summary:
            'Let streams and sockets of this browser go on, by the names in their addresses (`stream`), signed with its key',
          description:
            'In a session that is bound to a browser’s key, what goes on ends with the cookie it was opened with, after five minutes at most. Each proof lets it go on for five minutes more.',
          tags: ['sessions'],
          body: Type.Object(
            {
              streams: Type.Array(Type.String({ pattern: '^[A-Za-z0-9_-]{22,64}$', maxLength: 64 }), {
                minItems: 1,
                maxItems: 50,
              }),
            },
            { additionalProperties: false },
          ),
          response: { 204: Type.Null() },
        },
      },
      async ({ body }, reply) => {
        reply.proveStreams(body.streams);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/v1/session/refresh',
      {
        config: { scope: 'sessions:own', keyProof: true, staleSession: true },
        schema: {
          summary: 'A new cookie for a session that is bound to the browser’s key, signed with it; others keep theirs',
          tags: ['sessions'],
          response: { 204: Type.Null() },
        },
      },
      async ({ principal }, reply) => {
        const id = sessionIdOf(principal);
        const token = principal.browserKey === undefined ? undefined : await sessions.refresh(id);
        if (token !== undefined) reply.beginSession(token);
        return reply.code(204).send(null);
      },
    );
  };
}
