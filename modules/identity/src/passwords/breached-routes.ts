import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import { isoTime } from '../sessions/session-format.ts';
import type { BreachedFileFacts } from './breached-file.ts';
import type { BreachedPasswords } from './breached-passwords.ts';

const Status = Type.Object({
  state: Type.Enum(['none', 'in-use', 'damaged'], {
    description: 'Damaged: no password can be set until it is imported again or removed',
  }),
  entries: Type.Integer(),
  bytes: Type.Integer(),
  imported_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
});
const Import = Type.Object({ id: Type.String(), received_bytes: Type.Integer() });
const params = Type.Object({ id: Type.String({ minLength: 36, maxLength: 36 }) });
const maxPartBytes = 8 * 1024 * 1024;

/** `/v1/passwords/breached`: the list of passwords nobody may use. */
export function createBreachedRoutes(breached: BreachedPasswords): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['authentication'];
    const config = { scope: 'settings:manage', stepUp: true } as const;

    app.get(
      '/v1/passwords/breached',
      {
        config: { scope: 'settings:read' },
        schema: { summary: 'The list of breached passwords that is in use', tags, response: { 200: Status } },
      },
      async () => shown(await breached.status()),
    );

    app.delete(
      '/v1/passwords/breached',
      { config, schema: { summary: 'Remove the list', tags, response: { 204: Type.Null() } } },
      async (request, reply) => {
        await breached.remove(request.principal);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/v1/passwords/breached/imports',
      {
        config,
        schema: { summary: 'Begin to import a list, in place of an import under way', tags, response: { 201: Import } },
      },
      async (_request, reply) => {
        const { id, receivedBytes } = await breached.begin();
        return reply.code(201).send({ id, received_bytes: receivedBytes });
      },
    );

    app.post(
      '/v1/passwords/breached/imports/:id/complete',
      {
        config,
        schema: { summary: 'Use the list that was imported', tags, params, response: { 200: Status } },
      },
      async (request) => shown(await breached.complete({ ...request.params, by: request.principal })),
    );

    await app.register(async (plain) => {
      const parts = typedApp(plain);
      parts.removeAllContentTypeParsers();
      parts.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
        done(null, body),
      );
      parts.post(
        '/v1/passwords/breached/imports/:id/parts',
        {
          config: { ...config, bodyLimitBytes: maxPartBytes },
          schema: {
            summary: 'The next part of the list (`SHA1:count` lines, ordered by hash), wherever it is cut',
            tags,
            consumes: ['application/octet-stream'],
            params,
            querystring: Type.Object({ at: Type.Integer({ minimum: 0 }) }, { additionalProperties: false }),
            response: { 200: Import },
          },
        },
        async (request) => {
          const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
          const { id, receivedBytes } = await breached.add({ id: request.params.id, at: request.query.at, bytes });
          return { id, received_bytes: receivedBytes };
        },
      );
    });
  };
}

function shown(status: BreachedFileFacts | 'none' | 'damaged'): Static<typeof Status> {
  if (status === 'none' || status === 'damaged') return { state: status, entries: 0, bytes: 0, imported_at: null };
  const { entries, bytes, importedAtMs } = status;
  return { state: 'in-use', entries, bytes, imported_at: isoTime(importedAtMs) };
}
