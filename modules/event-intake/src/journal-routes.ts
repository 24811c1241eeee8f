import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { EventIntake } from './event-intake.ts';
import { longBodyBytes } from './limits.ts';
import { takeBodiesAsStreams, withBody } from './request-stream.ts';

/** Of a key that is bound to none. */
export const journalSourceName = 'journal';

/**
 * The door that systemd-journal-upload knows (`/upload`, as of systemd-journal-remote): entries in the export format, in one request
 * as long as there are any. Accepted means durable.
 */
export function createJournalRoutes(intake: EventIntake): RoutePlugin {
  return async (fastify) => {
    takeBodiesAsStreams(fastify);
    typedApp(fastify).post(
      '/upload',
      {
        config: { scope: 'events:write', bodyLimitBytes: longBodyBytes },
        schema: {
          summary: 'systemd-journal-upload: entries of the journal in the export format; accepted means durable',
          tags: ['events'],
          consumes: ['application/vnd.fdo.journal'],
          response: { 202: Type.String() },
        },
      },
      async (request, reply) => {
        const { principal, headers } = request;
        await withBody({ request, reply }, ({ body, signal }) =>
          intake.accept({
            principal,
            source: principal.source ?? journalSourceName,
            contentType: headers['content-type'],
            contentEncoding: headers['content-encoding'],
            contentLength: undefined,
            isLong: true,
            body,
            signal,
          }),
        );
        return reply.code(202).header('content-type', 'text/plain; charset=utf-8').send('OK.\n');
      },
    );
  };
}
