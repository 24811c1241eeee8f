import { exportResponseJson, exportResponseProtobuf } from '@sallyport/log-formats/otlp';
import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { EventIntakeError } from './errors.ts';
import type { EventIntake } from './event-intake.ts';
import { answerTroubleAs } from './foreign-reply.ts';
import { defaultLimits } from './limits.ts';
import { encodeStatus } from './otlp-status.ts';
import { takeBodiesAsStreams, withBody } from './request-stream.ts';

/** Of a key that is bound to none. */
export const otlpSourceName = 'otlp';
const protobuf = 'application/x-protobuf';

/**
 * OTLP/HTTP for logs, JSON and protobuf: a reply of 200 means durable; what could not be read is told as partial success. A
 * full or busy server answers 429 or 503, which exporters take as a word to try again.
 */
export function createOtlpRoutes(intake: EventIntake): RoutePlugin {
  return async (fastify) => {
    takeBodiesAsStreams(fastify);
    answerTroubleAs(fastify, ({ status, detail }, reply) => {
      // Exporters give up at any other number, and a full disk may be emptied.
      if (status === 507) void reply.code(503);
      const isProtobuf = reply.request.headers['content-type']?.startsWith(protobuf) === true;
      void reply.header('content-type', isProtobuf ? protobuf : 'application/json');
      return isProtobuf ? encodeStatus(detail) : JSON.stringify({ code: 0, message: detail });
    });
    typedApp(fastify).post(
      '/v1/logs',
      {
        config: { scope: 'events:write', bodyLimitBytes: defaultLimits.maxCompressedBytes },
        schema: {
          summary: 'OpenTelemetry: export of logs (OTLP/HTTP); acknowledged when durable',
          tags: ['events'],
          consumes: ['application/json', protobuf],
        },
      },
      async (request, reply) => {
        const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
        if (type !== protobuf && type !== 'application/json') {
          throw new EventIntakeError(
            'content_type_unsupported',
            `Cannot read the content type "${(type ?? '').slice(0, 100)}": must be ${protobuf} or application/json`,
          );
        }
        const { principal, headers } = request;
        const { rejected } = await withBody({ request, reply }, ({ body, signal }) =>
          intake.acceptBody(
            {
              principal,
              source: principal.source ?? otlpSourceName,
              contentEncoding: headers['content-encoding'],
              body,
              signal,
            },
            type === protobuf ? 'otlp_protobuf' : 'otlp_json',
            { format: 'otlp_record' },
          ),
        );
        const { count = 0, reason = '' } = rejected ?? {};
        const partial = { rejectedLogRecords: count, errorMessage: count === 0 ? '' : reason };
        const said =
          type === protobuf ? Buffer.from(exportResponseProtobuf(partial)) : Buffer.from(exportResponseJson(partial));
        return reply.header('content-type', type).send(said);
      },
    );
  };
}
