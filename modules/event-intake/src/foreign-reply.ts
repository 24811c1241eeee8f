import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** What an error is called here, for a door that says it in another product's words. */
export type Trouble = { readonly status: number; readonly code: string; readonly detail: string };

/** Turns the errors of this scope, whoever made them, into what senders made for another product understand. */
export function answerTroubleAs(
  encapsulated: FastifyInstance,
  say: (trouble: Trouble, reply: FastifyReply) => string | Uint8Array,
): void {
  encapsulated.addHook('onSend', async (_request, reply, payload: unknown) => {
    const type = reply.getHeader('content-type');
    if (type !== 'application/problem+json') return payload;
    const text = payload instanceof Uint8Array ? Buffer.from(payload).toString('utf8') : String(payload);
    const problem = parseJson(text);
    const { code, detail } = isJsonObject(problem) ? problem : {};
    const said = say({ status: reply.statusCode, code: textOf(code), detail: textOf(detail) }, reply);
    void reply.header('content-length', Buffer.byteLength(said));
    return typeof said === 'string' ? said : Buffer.from(said);
  });
}
