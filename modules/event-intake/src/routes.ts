import { typedApp } from '@sallyport/platform/http';
import type { Principal, RoutePlugin } from '@sallyport/platform/http';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { EventIntake } from './event-intake.ts';
import { createHecRoutes, hecSourceName } from './hec-routes.ts';
import { createJournalRoutes, journalSourceName } from './journal-routes.ts';
import { defaultLimits } from './limits.ts';
import { createOtlpRoutes, otlpSourceName } from './otlp-routes.ts';
import { createPreviewRoutes } from './preview/preview-routes.ts';
import { takeBodiesAsStreams, withBody } from './request-stream.ts';
import { countRefusals } from './sources/count-refusals.ts';
import { createSourceRoutes } from './sources/source-routes.ts';
import { declaredFormats } from './declared-format.ts';
import { zoneMinutesOf, zonePattern } from './zone.ts';

const Accepted = Type.Object({
  accepted: Type.Integer({
    description: 'Events of this body that are durable in the ledger, those kept raw included',
  }),
  already_known: Type.Integer({ description: 'Of these, how many were seen to be there before; a hint' }),
  kept_raw: Type.Integer({ description: 'Events that could not be read and are kept as received' }),
  idempotent: Type.Boolean({ description: 'Whether sending the same body again is harmless: only with `sequence`' }),
  runs: Type.Array(
    Type.Object({ sequence: Type.Integer(), log: Type.Integer(), index: Type.Integer(), count: Type.Integer() }),
    {
      description:
        'Where the events are: `count` events from `sequence` on stand at `log`/`index` and the following indexes',
    },
  ),
  reasons: Type.Array(Type.Object({ sequence: Type.Integer(), code: Type.String() }), {
    description: 'Why events were kept raw, the first of them',
  }),
});

const Sending = Type.Object({
  source: Type.Optional(
    Type.String({ maxLength: 64, description: "Name of the sender; the key's own or `default` when left out" }),
  ),
  format: Type.Optional(
    Type.Enum([...declaredFormats], {
      description:
        'What the events of a text/plain, application/x-syslog, application/xml or application/octet-stream body are; `auto` looks at the body and at each line',
    }),
  ),
  zone: Type.Optional(
    Type.String({
      pattern: zonePattern,
      description: 'Zone of times that name none, as +05:30; UTC when left out',
    }),
  ),
  sequence: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description:
        'Number of the first event; the k-th after it has sequence + k. Sending the same numbers again is harmless',
    }),
  ),
});

/** `POST /v1/events`, the doors of other products' senders, and `/v1/sources`. Encapsulated: bodies of its routes are handed on as streams. */
export function createEventIntakeRoutes(intake: EventIntake): RoutePlugin {
  return async (fastify) => {
    await fastify.register(async (encapsulated) => {
      countRefusals(encapsulated, intake, sourceAsked);
      await encapsulated.register(createHecRoutes(intake));
      await encapsulated.register(createOtlpRoutes(intake));
      await encapsulated.register(createJournalRoutes(intake));
      takeBodiesAsStreams(encapsulated);

      typedApp(encapsulated).post(
        '/v1/events',
        {
          config: { scope: 'events:write', bodyLimitBytes: defaultLimits.maxCompressedBytes },
          bodyLimit: defaultLimits.maxCompressedBytes,
          schema: {
            summary:
              'Send events: NDJSON, JSON, syslog and other log lines, Windows event XML or EVTX, journal export, Zeek logs, plain, gzip or zstd; acknowledged when durable',
            tags: ['events'],
            consumes: [
              'application/x-ndjson',
              'application/json',
              'text/plain',
              'application/x-syslog',
              'application/xml',
              'application/x-evtx',
              'application/vnd.fdo.journal',
              'text/tab-separated-values',
            ],
            querystring: Sending,
            response: { 200: Accepted },
          },
        },
        async (request, reply) => {
          return withBody({ request, reply }, async ({ body, signal }) => {
            const { keptRaw, alreadyKnown, isIdempotent, ...rest } = await intake.accept({
              principal: request.principal,
              source: request.query.source,
              sequence: request.query.sequence,
              format: request.query.format,
              zoneMinutes: zoneMinutesOf(request.query.zone),
              contentType: request.headers['content-type'],
              contentEncoding: request.headers['content-encoding'],
              contentLength:
                request.headers['content-length'] === undefined ? undefined : Number(request.headers['content-length']),
              body,
              signal,
            });
            return { ...rest, already_known: alreadyKnown, kept_raw: keptRaw, idempotent: isIdempotent };
          });
        },
      );
    });

    await fastify.register(createPreviewRoutes(intake));
    await fastify.register(createSourceRoutes(intake));
  };
}

/** As which source a request was to be sent. */
function sourceAsked({ routeOptions, query }: FastifyRequest, principal: Principal): string | undefined {
  if (routeOptions.url === '/v1/logs') return principal.source ?? otlpSourceName;
  if (routeOptions.url === '/upload') return principal.source ?? journalSourceName;
  if (routeOptions.url?.startsWith('/services/') === true) return principal.source ?? hecSourceName;
  const asked: unknown = typeof query === 'object' && query !== null && 'source' in query ? query.source : undefined;
  return typeof asked === 'string' && asked.length <= 64 ? asked : undefined;
}
