import http from 'node:http';
import https from 'node:https';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { isNobodyThere } from '../nobody-there.ts';

/** The server of Sallyport, asked as the run the gateway belongs to. */
export type AskServer = {
  /**
   * `kind: 'unreachable'`: nobody took the question, so nobody can have answered it otherwise. Anything else that goes wrong is
   * `refused`: a slow answer, and a connection that broke after it was there, for a person may be thinking about the question. Never
   * rejects.
   */
  post(question: {
    readonly path: string;
    /** Left out where it only asks. */
    readonly body?: JsonObject;
    /** Seconds it may wait for a person; while it does, it says every now and then that it is there. */
    readonly waitSeconds?: number;
    readonly signal?: AbortSignal;
  }): Promise<ServerAnswer>;
  close(): void;
};

export type ServerAnswer =
  | { readonly kind: 'answer'; readonly body: JsonObject }
  /** `code`: of the problem, where the server says one. */
  | { readonly kind: 'refused'; readonly reason: string; readonly code?: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

const maxAnswerBytes = 8 * 1024 * 1024;
/** Without any sign of life. */
const quietMs = 30_000;
/** Where a person may be asked: before the first sign of life of who waits long. */
const quietWaitingMs = 120_000;
const broken: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

/** Throws for an address that is none, or would send the credential in the clear. */
export function createAskServer({
  server,
  token,
  ca,
}: {
  readonly server: string;
  readonly token: string;
  readonly ca?: string;
}): AskServer {
  const base = new URL(server);
  const isSecure = base.protocol === 'https:';
  if (!isSecure && !(base.protocol === 'http:' && isLoopback(base.hostname)))
    throw new Error(`Cannot ask "${server}": its address must begin with https:`);
  const agent = isSecure
    ? // Said, lest NODE_TLS_REJECT_UNAUTHORIZED in the environment of an agent hand the credential to whoever is there.
      new https.Agent({
        keepAlive: true,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.3',
        ...(ca === undefined ? {} : { ca }),
      })
    : new http.Agent({ keepAlive: true });

  function once(question: Parameters<AskServer['post']>[0]): Promise<ServerAnswer & { readonly isStale?: boolean }> {
    const { path, body, waitSeconds, signal } = question;
    const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    return new Promise((resolve) => {
      const sent = (isSecure ? https : http).request(new URL(path, base), {
        method: text === undefined ? 'GET' : 'POST',
        agent,
        ...(signal === undefined ? {} : { signal }),
        headers: {
          authorization: `Bearer ${token}`,
          ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': text.length }),
          ...(waitSeconds === undefined ? {} : { prefer: `wait=${waitSeconds}` }),
        },
      });
      const timer = setTimeout(
        () => sent.destroy(new Error('no answer in time')),
        waitSeconds === undefined ? quietMs : quietWaitingMs,
      );
      let isTaken = false;
      let heardBytes = (): number => 0;
      sent.on('socket', (socket) => {
        const before = socket.bytesRead;
        heardBytes = () => socket.bytesRead - before;
        if (!socket.connecting) isTaken = true;
        else socket.once('connect', () => (isTaken = true));
      });
      // While a person is waited for it says that it is there.
      sent.on('information', () => timer.refresh());
      const done = (answer: ServerAnswer & { readonly isStale?: boolean }): void => {
        clearTimeout(timer);
        resolve(answer);
      };
      sent.on('response', (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > maxAnswerBytes) sent.destroy(new Error('its answer is too long'));
          else chunks.push(chunk);
        });
        answer.on('error', (error) => done({ kind: 'refused', reason: error.message }));
        answer.on('end', () => done(read(answer.statusCode ?? 0, Buffer.concat(chunks).toString('utf8'))));
      });
      sent.on('error', (error) => {
        const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
        if (!isTaken && isNobodyThere(error)) done({ kind: 'unreachable', reason: code });
        else if (!broken.has(code)) done({ kind: 'refused', reason: `the server cannot be asked (${error.message})` });
        else
          done({
            kind: 'refused',
            reason: 'the server broke the connection off',
            // Without a byte on a connection kept open: most likely it was closed at the other end before the question came.
            isStale: sent.reusedSocket && heardBytes() === 0,
          });
      });
      sent.end(text);
    });
  }

  return {
    async post(question) {
      const { isStale, ...first } = await once(question);
      if (isStale !== true) return first;
      const { isStale: _again, ...second } = await once(question);
      return second;
    },
    close: () => agent.destroy(),
  };
}

function read(status: number, text: string): ServerAnswer {
  let body: unknown;
  try {
    body = parseJson(text);
  } catch {
    body = undefined;
  }
  if (status === 200 && isJsonObject(body)) return { kind: 'answer', body };
  if (status === 401) return { kind: 'refused', reason: 'the server does not know this run any more' };
  const detail = isJsonObject(body) && typeof body['detail'] === 'string' ? `: ${body['detail'].slice(0, 500)}` : '';
  const code = isJsonObject(body) ? textOf(body['code']) : '';
  return { kind: 'refused', reason: `the server answered ${status}${detail}`, ...(code === '' ? {} : { code }) };
}

export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
