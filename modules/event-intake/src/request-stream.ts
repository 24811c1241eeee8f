import { Readable } from 'node:stream';
import { codeOf } from '@sallyport/platform/errors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { drain } from './drain.ts';

const retryLater = new Set(['overloaded', 'unavailable', 'disk_low']);

/** Every content type comes through as it is, so that what refuses it is ours and coded. */
export function takeBodiesAsStreams(encapsulated: FastifyInstance): void {
  encapsulated.removeAllContentTypeParsers();
  encapsulated.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
}

/** Hands the body on as a stream, and leaves the connection in order when taking it failed. */
export async function withBody<Result>(
  {
    request,
    reply,
  }: { readonly request: Pick<FastifyRequest, 'body'>; readonly reply: Pick<FastifyReply, 'raw' | 'header'> },
  take: (given: { readonly body: Readable; readonly signal: AbortSignal }) => Promise<Result>,
): Promise<Result> {
  const gone = new AbortController();
  const abort = (): void => gone.abort();
  reply.raw.on('close', abort);
  const body = request.body instanceof Readable ? request.body : Readable.from([]);
  try {
    return await take({ body, signal: gone.signal });
  } catch (error) {
    const code = codeOf(error);
    const isWhole = code !== 'body_too_slow' && (await drain(body, { maxBytes: 4 * 1024 * 1024, maxMs: 2000 }));
    if (!isWhole) void reply.header('connection', 'close');
    if (code !== undefined && retryLater.has(code)) void reply.header('retry-after', '2');
    throw error;
  } finally {
    reply.raw.off('close', abort);
  }
}
