import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { EventIntake } from './event-intake.ts';
import { createHecRoutes } from './hec-routes.ts';
import { defaultLimits } from './limits.ts';
import { createOtlpRoutes } from './otlp-routes.ts';
import { takeBodiesAsStreams, withBody } from './request-stream.ts';
import { declaredFormats } from './wire-format.ts';
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

const Source = Type.Object({
  key_id: Type.String(),
  name: Type.String(),
  created_at_ms: Type.Integer(),
  accepted: Type.Integer({ description: 'Since the server started, as the rest' }),
  bytes: Type.Integer(),
  kept_raw: Type.Record(Type.String(), Type.Integer()),
  last_seen_ms: Type.Optional(Type.Integer()),
});

const Sending = Type.Object({
  source: Type.Optional(
    Type.String({ maxLength: 64, description: "Name of the sender; the key's own or `default` when left out" }),
  ),
  format: Type.Optional(
    Type.Enum([...declaredFormats], {
      description:
        'What the events of a text/plain, application/x-syslog, application/xml or application/octet-stream body are; `auto` looks at each line',
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

const Listing = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  after: Type.Optional(Type.String({ pattern: '^[^/]{1,100}/[^/]{1,64}$', description: '`next` of the page before' })),
});

/** `POST /v1/events`, the doors of other products' senders, and `GET /v1/sources`. Encapsulated: bodies of its routes are handed on as streams. */
export function createEventIntakeRoutes(intake: EventIntake): RoutePlugin {
  return async (fastify) => {
    await fastify.register(async (encapsulated) => {
      takeBodiesAsStreams(encapsulated);

      typedApp(encapsulated).post(
        '/v1/events',
        {
          config: { scope: 'events:write', bodyLimitBytes: defaultLimits.maxCompressedBytes },
          bodyLimit: defaultLimits.maxCompressedBytes,
          schema: {
            summary:
              'Send events: NDJSON, JSON, syslog and other log lines, Windows event XML or EVTX, plain, gzip or zstd; acknowledged when durable',
            tags: ['events'],
            consumes: [
              'application/x-ndjson',
              'application/json',
              'text/plain',
              'application/x-syslog',
              'application/xml',
              'application/x-evtx',
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

    await fastify.register(createHecRoutes(intake));
    await fastify.register(createOtlpRoutes(intake));

    typedApp(fastify).get(
      '/v1/sources',
      {
        config: { scope: 'events:read' },
        schema: {
          summary: 'List the sources events came from, with counters since the server started',
          tags: ['events'],
          querystring: Listing,
          response: { 200: Type.Object({ sources: Type.Array(Source), next: Type.Optional(Type.String()) }) },
        },
      },
      async (request) => {
        const { limit = 1000, after } = request.query;
        const [keyId, name] = after?.split('/') ?? [];
        const sources = await intake.sources({
          limit,
          after: keyId === undefined || name === undefined ? undefined : { keyId, name },
        });
        const last = sources.length === limit ? sources.at(-1) : undefined;
        return {
          ...(last === undefined ? {} : { next: `${last.keyId}/${last.name}` }),
          sources: sources.map((source) => ({
            key_id: source.keyId,
            name: source.name,
            created_at_ms: source.createdAtMs,
            accepted: source.accepted,
            bytes: source.bytes,
            kept_raw: Object.fromEntries(source.keptRaw),
            ...(source.lastSeenMs === undefined ? {} : { last_seen_ms: source.lastSeenMs }),
          })),
        };
      },
    );
  };
}
