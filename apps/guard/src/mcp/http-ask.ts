import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { JsonObject } from '@sallyport/contracts';
import { isLoopback } from './ask-server.ts';

/** One HTTP request to a remote server. */
export type HttpAsk = {
  send(request: {
    readonly method: 'POST' | 'GET' | 'DELETE';
    readonly url?: URL;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: JsonObject;
    readonly signal: AbortSignal;
  }): Promise<http.IncomingMessage>;
  close(): void;
};

/** To one server: more than questions and answers may be on their way. */
const maxSockets = 128;
/** Until the head of an answer is there. */
const headMs = 60_000;

/** Follows nothing and sends nothing in the clear: a credential goes where it was meant to go. Throws for an address without TLS. */
export function createHttpAsk(url: URL): HttpAsk {
  const isSecure = url.protocol === 'https:';
  if (!isSecure && !isLoopback(url.hostname)) throw new Error(`"${url.host}" must be reached by https:`);
  const agent = isSecure
    ? // Said, lest NODE_TLS_REJECT_UNAUTHORIZED in the environment of an agent hand the credential to whoever is there.
      new https.Agent({ keepAlive: true, rejectUnauthorized: true, maxSockets, minVersion: 'TLSv1.2' })
    : new http.Agent({ keepAlive: true, maxSockets });
  const heard = new WeakSet<Socket>();
  return {
    send: ({ method, url: other, headers, body, signal }) =>
      new Promise((resolve, reject) => {
        const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
        const sent = (isSecure ? https : http).request(other ?? url, {
          method,
          agent,
          signal,
          headers: {
            ...headers,
            ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': text.length }),
          },
        });
        sent.on('socket', (socket) => {
          // Ended between two requests nobody listens to it, and Node would end the program.
          if (!heard.has(socket)) socket.on('error', () => undefined);
          heard.add(socket);
        });
        const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${headMs / 1000} s`)), headMs);
        sent.on('response', (answer) => {
          clearTimeout(timer);
          resolve(answer);
        });
        sent.on('error', (error) => {
          clearTimeout(timer);
          reject(error);
        });
        sent.end(text);
      }),
    close: () => agent.destroy(),
  };
}

/** The whole body as text. Rejects when it is longer. */
export async function textOfAnswer(answer: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`its answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
