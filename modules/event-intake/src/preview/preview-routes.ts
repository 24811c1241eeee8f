import type { Readable } from 'node:stream';
import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { EventIntake } from '../event-intake.ts';
import { EventIntakeError } from '../errors.ts';
import { takeBodiesAsStreams, withBody } from '../request-stream.ts';
import { declaredFormats } from '../declared-format.ts';
import { zoneMinutesOf, zonePattern } from '../zone.ts';
import { maxPreviewBytes } from './preview.ts';

const Asking = Type.Object({
  format: Type.Optional(Type.Enum([...declaredFormats], { description: 'As for sending' })),
  zone: Type.Optional(Type.String({ pattern: zonePattern, description: 'As for sending' })),
});

const Shown = Type.Object({
  events: Type.Array(
    Type.Object({
      ocsf: Type.Union([Type.Object({}, { additionalProperties: true }), Type.Null()], {
        description: 'The event as it would be recorded',
      }),
      class_uid: Type.Integer(),
      mapping: Type.Optional(Type.Object({ id: Type.String(), version: Type.Integer() })),
      unmapped: Type.Array(Type.String(), { description: 'Fields of the record that nothing was made of' }),
      reason: Type.Optional(Type.String({ description: 'Why it would be kept raw' })),
    }),
  ),
  total: Type.Integer({ description: 'Events of the body; the first 20 are shown' }),
});

/** `POST /v1/events/preview`: what would become of events. Nothing is recorded. */
export function createPreviewRoutes({ preview }: Pick<EventIntake, 'preview'>): RoutePlugin {
  return async (fastify) => {
    await fastify.register(async (encapsulated) => {
      takeBodiesAsStreams(encapsulated);
      typedApp(encapsulated).post(
        '/v1/events/preview',
        {
          config: { scope: 'events:read', bodyLimitBytes: maxPreviewBytes },
          bodyLimit: maxPreviewBytes,
          schema: {
            summary: 'What would become of events, at most 64 KiB and the first 20: read and mapped, not recorded',
            tags: ['events'],
            consumes: [
              'application/x-ndjson',
              'application/json',
              'text/plain',
              'application/x-syslog',
              'application/xml',
              'application/x-evtx',
            ],
            querystring: Asking,
            response: { 200: Shown },
          },
        },
        async (request, reply) =>
          withBody({ request, reply }, async ({ body }) => {
            const encoding = request.headers['content-encoding'] ?? 'identity';
            if (encoding.toLowerCase() !== 'identity')
              throw new EventIntakeError('content_encoding_unsupported', 'Cannot preview what is compressed');
            const { events, total } = await preview.show({
              contentType: request.headers['content-type'],
              format: request.query.format,
              zoneMinutes: zoneMinutesOf(request.query.zone),
              body: await wholeBody(body),
            });
            return {
              events: events.map(({ ocsf, classUid, mapping, unmapped, reason }) => ({
                ocsf,
                class_uid: classUid,
                ...(mapping !== undefined && { mapping }),
                unmapped: [...unmapped],
                ...(reason !== undefined && { reason }),
              })),
              total,
            };
          }),
      );
    });
  };
}

async function wholeBody(body: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array)) continue;
    bytes += chunk.byteLength;
    if (bytes > maxPreviewBytes) {
      throw new EventIntakeError('events_too_large', `Cannot preview more than ${maxPreviewBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
