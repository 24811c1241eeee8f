import { connect, isIP, type Socket } from 'node:net';
import { createAnswerReader, type HttpAnswer } from './answer-reader.ts';

/** What a tool gave back may come again, with tokens in place of secrets. */
const maxAnswerBytes = 12 * 1024 * 1024;
/** A server that asks a person says every ten seconds that it does. */
const signMs = 15_000;

/** The server went away while a person was being asked: there was somebody to say no. */
export class LostWhileAsked extends Error {}

/**
 * Sends a hook. Rejects when the server cannot be reached, is silent for `waitMs`, or answers too much; any status is an answer. With
 * `askMs` the server may ask a person for so long, and says meanwhile, with `102 Processing`, that it is there; when it goes away then,
 * it rejects with `LostWhileAsked`. An error has a `code` only where no connection came about: after that somebody was there.
 */
export async function postHook(request: {
  readonly url: URL;
  readonly token: string;
  readonly hook: Buffer;
  readonly waitMs: number;
  readonly askMs?: number;
  readonly ca?: string;
}): Promise<HttpAnswer> {
  const { url, token, hook, waitMs, askMs } = request;
  if (url.protocol !== 'https:' && !isOnThisMachine(url)) throw new Error('its address must begin with https:');
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('the credential of this run is none');
  const head = [
    `POST ${url.pathname}${url.search} HTTP/1.1`,
    `host: ${url.host}`,
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    `content-length: ${hook.length}`,
    ...(askMs === undefined ? [] : [`prefer: wait=${Math.floor(askMs / 1000)}`]),
    '\r\n',
  ];
  const { socket, ready } = await opened(request);
  // The end of a long hook does not wait until its beginning was taken.
  socket.setNoDelay(true);
  return new Promise((resolve, reject) => {
    let isConnected = false;
    let isAsked = false;
    const late = (): void => fail(new Error(`no answer within ${waitMs / 1000} s`));
    let deadline = setTimeout(late, waitMs);
    const end = askMs === undefined ? undefined : setTimeout(late, askMs + waitMs);
    const over = (): void => {
      clearTimeout(deadline);
      clearTimeout(end);
      socket.destroy();
    };
    const fail = (error: Error): void => {
      over();
      if (isAsked) reject(new LostWhileAsked(error.message, { cause: error }));
      else reject(isConnected ? new Error(error.message, { cause: error }) : error);
    };
    const reader = createAnswerReader({
      maxBytes: maxAnswerBytes,
      onInterim: () => {
        isAsked = true;
        // Without leave to ask a person, nothing is waited for longer.
        if (askMs === undefined) return;
        clearTimeout(deadline);
        deadline = setTimeout(late, signMs);
      },
    });
    const read = (some: () => HttpAnswer | undefined): void => {
      try {
        const answer = some();
        if (answer === undefined) return;
        over();
        resolve(answer);
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
    };
    socket.on('connect', () => (isConnected = true));
    // With TLS not before the other end has shown who it is: the credential goes along.
    socket.on(ready, () => socket.write(Buffer.concat([Buffer.from(head.join('\r\n')), hook])));
    socket.on('data', (bytes: Buffer) => read(() => reader.take(bytes)));
    socket.on('end', () => read(reader.end));
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('it closed the connection')));
  });
}

async function opened({
  url,
  ca,
}: {
  readonly url: URL;
  readonly ca?: string;
}): Promise<{ readonly socket: Socket; readonly ready: 'connect' | 'secureConnect' }> {
  const host = url.hostname.replaceAll(/^\[|\]$/g, '');
  if (url.protocol === 'http:') return { socket: connect({ host, port: Number(url.port || 80) }), ready: 'connect' };
  // Loaded only here: it costs half as much as Node itself.
  const tls = await import('node:tls');
  const socket = tls.connect({
    host,
    port: Number(url.port || 443),
    // Else NODE_TLS_REJECT_UNAUTHORIZED in the environment of an agent would hand the credential to whoever is there.
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
  });
  return { socket, ready: 'secureConnect' };
}

function isOnThisMachine({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
