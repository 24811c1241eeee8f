import type { Transform } from 'node:stream';
import type { RequestPayload } from 'fastify';

/**
 * A body read through something of ours. Whoever sends it may go away while nobody reads, before a handler or after its refusal: an
 * error that nobody listens to would end the whole server, so somebody always does.
 */
export function pipedInto(payload: RequestPayload, through: Transform): Transform {
  through.on('error', () => undefined);
  payload.on('error', (error: Error) => through.destroy(error));
  if (payload.destroyed) {
    through.destroy();
    return through;
  }
  return payload.pipe(through);
}
