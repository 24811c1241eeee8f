import { Transform } from 'node:stream';
import type { FastifyInstance, FastifyRequest, RequestPayload } from 'fastify';
import type { BodyDigests } from './body-digest.ts';
import { EdgeError } from './errors.ts';
import { liftDeadline } from './http-server.ts';
import { readJsonText } from './json-body.ts';
import { pipedInto } from './piped-body.ts';
import type { StreamWatch } from './stream-watch.ts';

/**
 * Bounds every body, those included that a route reads as a stream, and reads JSON strictly: UTF-8, bounded depth, no
 * `__proto__` and no `constructor.prototype`. A route plugin may bring parsers of its own for any content type.
 */
export function installBodyLimits(
  app: FastifyInstance,
  limits: { readonly jsonDepth: number },
  parts: { readonly streams: Pick<StreamWatch, 'add'>; readonly digests: Pick<BodyDigests, 'watch'> },
): void {
  const { streams, digests } = parts;
  app.addHook('onRoute', (route) => {
    const own = route.config?.bodyLimitBytes;
    // The hook is Fastify's place for changing a route.
    if (own !== undefined) route.bodyLimit = own;
  });

  app.addHook('preParsing', async (request, _reply, payload) => {
    if (isEndless(request)) {
      liftDeadline(request.raw);
      streams.add(request, request.raw);
      return payload;
    }
    // Nobody reads the body of these, so nothing may stand between it and its end.
    if (request.method === 'GET' || request.method === 'HEAD') return payload;
    const limit = request.routeOptions.bodyLimit;
    const announced = request.headers['content-length'];
    if (announced !== undefined) {
      // Node hands on no more than was announced.
      if (Number(announced) > limit) throw tooLarge(limit);
    }
    const isBounded = announced !== undefined || request.headers['transfer-encoding'] === undefined;
    const body = isBounded ? payload : bounded(payload, limit);
    return isSigned(request) ? digests.watch(request, body) : body;
  });

  app.removeContentTypeParser(['application/json', 'text/plain']);
  const parse = app.getDefaultJsonParser('error', 'error');
  // As an expression, so that a plugin's own parser for exactly "application/json" does not collide with it.
  app.addContentTypeParser(/^application\/json(?:;|$)/i, { parseAs: 'buffer' }, (request, body, done) => {
    let text;
    try {
      text = readJsonText(typeof body === 'string' ? Buffer.from(body) : body, limits.jsonDepth);
    } catch (error) {
      done(error instanceof Error ? error : new EdgeError('body_invalid', 'Cannot read the body', { cause: error }));
      return;
    }
    void parse(request, text, done);
  });
}

/** Of that media type alone: other bodies of the same route have their limits. */
function isEndless({ routeOptions, headers }: FastifyRequest): boolean {
  const { endlessBody } = routeOptions.config;
  const [mediaType = ''] = (headers['content-type'] ?? '').split(';', 1);
  return endlessBody !== undefined && mediaType.trim().toLowerCase() === endlessBody;
}

/** By whom, and rightly or not: whoever asks for the proof looks. */
function isSigned({ headers }: FastifyRequest): boolean {
  return headers['x-sallyport-proof'] !== undefined;
}

function bounded(payload: RequestPayload, limit: number): Transform {
  let received = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      if (received > limit) done(tooLarge(limit));
      else done(null, chunk);
    },
  });
  return pipedInto(payload, counter);
}

function tooLarge(limit: number): EdgeError {
  return new EdgeError('body_too_large', `Cannot read the body: must be at most ${limit} bytes`, {
    details: { limitBytes: limit },
  });
}
