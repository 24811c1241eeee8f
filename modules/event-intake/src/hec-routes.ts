import { hecReplies, hecReplyBody } from '@sallyport/log-formats/splunk-hec';
import type { HecReplyName } from '@sallyport/log-formats/splunk-hec';
import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { WholeBody } from './cut/cut-body.ts';
import type { EventIntake } from './event-intake.ts';
import { answerTroubleAs } from './foreign-reply.ts';
import type { Trouble } from './foreign-reply.ts';
import { defaultLimits } from './limits.ts';
import type { Reading } from './normalise-protocol.ts';
import { formatOfSourceType } from './records/wrapped-record.ts';
import { takeBodiesAsStreams, withBody } from './request-stream.ts';

const Word = Type.Optional(Type.String({ maxLength: 256 }));
/** What Splunk takes along with a raw body; other words of clients are passed over. */
const RawQuery = Type.Object({ host: Word, source: Word, sourcetype: Word, index: Word, channel: Word });
const Reply = Type.Object({ text: Type.String(), code: Type.Integer() }, { additionalProperties: true });

/** Of a key that is bound to none. */
export const hecSourceName = 'splunk-hec';
const config = { scope: 'events:write', bodyLimitBytes: defaultLimits.maxCompressedBytes };

/**
 * Splunk's HTTP Event Collector, for senders that speak it: `Authorization: Splunk KEY`, and Splunk's own replies. Success means
 * durable. Indexer acknowledgement is off, as there is nothing left to wait for.
 */
export function createHecRoutes(intake: EventIntake): RoutePlugin {
  return async (fastify) => {
    takeBodiesAsStreams(fastify);
    answerTroubleAs(fastify, (trouble, reply) => {
      const name = replyOf(trouble);
      void reply.code(name === undefined ? trouble.status : hecReplies[name].status);
      void reply.header('content-type', 'application/json; charset=utf-8');
      return name === undefined ? JSON.stringify({ text: trouble.detail, code: 6 }) : hecReplyBody(name);
    });
    const app = typedApp(fastify);
    const schema = { tags: ['events'], response: { 200: Reply, 400: Reply } };

    for (const path of ['/services/collector', '/services/collector/event', '/services/collector/event/1.0']) {
      app.post(
        path,
        { config, schema: { ...schema, summary: 'Splunk HEC: events as JSON objects; success means durable' } },
        async (request, reply) => {
          const { fault } = await take({ request, reply }, 'hec_events', { format: 'splunk_hec' });
          if (fault === undefined) return answer(reply, 'success');
          return answer(reply, nameOfFault(fault.code), fault);
        },
      );
    }
    for (const path of ['/services/collector/raw', '/services/collector/raw/1.0']) {
      app.post(
        path,
        {
          config,
          schema: { ...schema, summary: 'Splunk HEC: lines of any log; success means durable', querystring: RawQuery },
        },
        async (request, reply) => {
          const { host, sourcetype } = request.query;
          const { accepted } = await take({ request, reply }, 'hec_raw', {
            format: formatOfSourceType(sourcetype),
            host,
          });
          return answer(reply, accepted === 0 ? 'no_data' : 'success');
        },
      );
    }
    app.post(
      '/services/collector/ack',
      { config, schema: { ...schema, summary: 'Splunk HEC: acknowledgement is off, success already means durable' } },
      async (_request, reply) => answer(reply, 'ack_disabled'),
    );
    for (const path of ['/services/collector/health', '/services/collector/health/1.0']) {
      app.get(
        path,
        { config: { public: true }, schema: { ...schema, summary: 'Splunk HEC: whether events are taken in' } },
        async (_request, reply) => answer(reply, 'healthy'),
      );
    }

    async function take(
      given: { readonly request: FastifyRequest; readonly reply: FastifyReply },
      as: WholeBody,
      reading: Reading,
    ): ReturnType<EventIntake['acceptBody']> {
      const { principal, headers } = given.request;
      return withBody(given, ({ body, signal }) =>
        intake.acceptBody(
          {
            principal,
            source: principal.source ?? hecSourceName,
            contentEncoding: headers['content-encoding'],
            body,
            signal,
          },
          as,
          reading,
        ),
      );
    }
  };
}

function answer(
  reply: FastifyReply,
  name: HecReplyName,
  extra: { readonly invalidEventNumber?: number } = {},
): FastifyReply {
  const { invalidEventNumber } = extra;
  // Splunk tells no number where there is no event.
  const more = name === 'no_data' || invalidEventNumber === undefined ? {} : { invalidEventNumber };
  return reply
    .code(hecReplies[name].status)
    .header('content-type', 'application/json; charset=utf-8')
    .send(Buffer.from(hecReplyBody(name, more)));
}

function nameOfFault(code: string): HecReplyName {
  switch (code) {
    case 'no_data':
    case 'event_required':
    case 'event_blank':
    case 'indexed_fields':
      return code;
    default:
      return 'invalid_data_format';
  }
}

/** Splunk's word for an error of ours; undefined where it has none, as for a body that is too large. */
function replyOf({ code, status }: Trouble): HecReplyName | undefined {
  switch (code) {
    case 'authentication_required':
      return 'token_required';
    case 'authentication_failed':
    case 'scope_missing':
    case 'source_not_allowed':
      return 'invalid_token';
    case 'intake_closed':
      return 'shutting_down';
    case 'body_corrupt':
    case 'content_encoding_unsupported':
      return 'invalid_data_format';
    default:
      if (status === 429 || status === 503 || status === 507) return 'busy';
      return status >= 500 ? 'internal_error' : undefined;
  }
}
