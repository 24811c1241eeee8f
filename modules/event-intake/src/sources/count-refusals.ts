import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { Principal } from '@sallyport/platform/http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { EventIntake } from '../event-intake.ts';

/** Counts what is refused to whoever may send, whoever refuses it: the edge, a schema, intake itself. To be added before the doors. */
export function countRefusals(
  encapsulated: FastifyInstance,
  intake: Pick<EventIntake, 'refused'>,
  sourceOf: (request: FastifyRequest, principal: Principal) => string | undefined,
): void {
  const senders = new WeakMap<FastifyRequest, Principal>();
  // After the edge has let them in.
  encapsulated.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.scope === 'events:write') senders.set(request, request.principal);
  });
  encapsulated.addHook('onSend', async (request, reply, payload: unknown) => {
    const principal = senders.get(request);
    if (principal === undefined || reply.getHeader('content-type') !== 'application/problem+json') return payload;
    const text = payload instanceof Uint8Array ? Buffer.from(payload).toString('utf8') : String(payload);
    const problem = parseJson(text);
    const { code, detail } = isJsonObject(problem) ? problem : {};
    await intake.refused(
      { principal, source: sourceOf(request, principal) },
      { code: textOf(code), message: textOf(detail) },
    );
    return payload;
  });
}
