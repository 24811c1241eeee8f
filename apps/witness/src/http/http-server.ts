// The witness on the network. Everybody may ask everything; what is bounded is how much and how long.
import { MAX_ADD_CHECKPOINT_BYTES } from '@sallyport/merkle-log';
import type { Clock } from '@sallyport/platform/clock';
import { errorFields } from '@sallyport/platform/log';
import type { Log } from '@sallyport/platform/log';
import type { BucketRate } from '@sallyport/platform/token-bucket';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Answer, Witness } from '../witness.ts';
import { createAddressLimit } from './address-limit.ts';
import { networkOf } from './client-address.ts';
import { statusJson, statusPage, statusPagePolicy } from './status-page.ts';

export type HttpLimits = {
  readonly perAddress: BucketRate;
  readonly headersTimeoutMs: number;
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number;
  readonly maxConnections: number;
  readonly connectionsPerAddress: number;
};

export const defaultLimits: HttpLimits = {
  perAddress: { perSecond: 5, burst: 50 },
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  maxConnections: 512,
  connectionsPerAddress: 64,
};

export type TlsFiles = { readonly cert: Buffer; readonly key: Buffer };

export type HttpNeeds = {
  readonly clock: Clock;
  readonly log: Log;
  readonly witness: Witness;
  readonly limits: HttpLimits;
  readonly tls?: TlsFiles;
};

/** Not listening yet. */
export function createHttpServer(needs: HttpNeeds): Server {
  const { limits, tls } = needs;
  const startedAtMs = needs.clock.nowMs();
  const waitOf = createAddressLimit(limits.perAddress);
  const listener: RequestListener = (request, response) => {
    const waitMs = waitOf(networkOf(request.socket.remoteAddress), needs.clock.monotonicMs());
    const answered = waitMs > 0 ? tooMany(request, response, waitMs) : route(needs, startedAtMs, request, response);
    answered.catch((error: unknown) => {
      if (request.errored !== null || response.destroyed) return;
      needs.log.error('Cannot answer a request', errorFields(error));
      if (!response.headersSent) send(response, plain(503, 'This witness cannot answer'), {}, request);
    });
  };
  const options = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, limits.requestTimeoutMs),
    keepAliveTimeout: 60_000,
    maxHeaderSize: 8192,
  };
  const server =
    tls === undefined
      ? createServer(options, listener)
      : createTlsServer({ ...options, ...tls, minVersion: 'TLSv1.3' }, listener);
  server.maxConnections = limits.maxConnections;
  boundConnections(server, limits.connectionsPerAddress);
  return server;
}

/** One address cannot take all connections from the others; what is too much is closed without an answer. */
function boundConnections(server: Server, most: number): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const network = networkOf(socket.remoteAddress);
    const count = (open.get(network) ?? 0) + 1;
    if (count > most) {
      socket.destroy();
      return;
    }
    open.set(network, count);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left === 0) open.delete(network);
      else open.set(network, left);
    });
  });
}

async function route(
  { witness, log }: HttpNeeds,
  startedAtMs: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (path === '/add-checkpoint') {
    if (request.method !== 'POST') return send(response, plain(405, 'Must be a POST'), { allow: 'POST' }, request);
    const body = await readBody(request);
    if (body === undefined) {
      log.info('Refused a request', { address: request.socket.remoteAddress ?? '', status: 413 });
      return send(response, plain(413, `The body must be at most ${MAX_ADD_CHECKPOINT_BYTES} bytes`), {}, request);
    }
    const answer = witness.addCheckpoint(body, request.socket.remoteAddress ?? '');
    return send(response, answer, answer.status === 503 ? { 'retry-after': '60' } : {}, request);
  }
  const [, originHash, what] = /^\/([0-9a-f]{64})\/(checkpoint|successors)$/.exec(path) ?? [];
  const isKnown = path === '/' || path === '/status.json' || originHash !== undefined;
  if (!isKnown) return send(response, plain(404, 'There is nothing here'), {}, request);
  if (!isRead) return send(response, plain(405, 'Must be a GET'), { allow: 'GET, HEAD' }, request);
  if (originHash !== undefined) {
    const found =
      what === 'checkpoint'
        ? witness.checkpointOf(originHash)
        : witness
            .successorsOf(originHash)
            ?.map((origin) => `${origin}\n`)
            .join('');
    return send(response, found === undefined ? plain(404, 'Nothing was cosigned') : text(found), {}, request);
  }
  if (path === '/status.json') {
    const body = `${JSON.stringify(statusJson(witness, startedAtMs))}\n`;
    return send(response, { status: 200, mediaType: 'application/json', body }, {}, request);
  }
  const page = { status: 200, mediaType: 'text/html; charset=utf-8', body: statusPage(witness, startedAtMs) };
  return send(response, page, { 'content-security-policy': statusPagePolicy }, request);
}

/** Undefined when it is longer than any request may be. Throws when the client goes away, or takes too long. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_ADD_CHECKPOINT_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  const parts: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const part of parts) {
    bytes += part.length;
    if (bytes > MAX_ADD_CHECKPOINT_BYTES) return undefined;
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}

async function tooMany(request: IncomingMessage, response: ServerResponse, waitMs: number): Promise<void> {
  const wait = { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) };
  return send(response, plain(429, 'Too many requests from this address'), wait, request);
}

/** Whoever still has a body to send is not listened to any longer. */
function send(
  response: ServerResponse,
  { status, mediaType, body }: Answer,
  headers: Readonly<Record<string, string>>,
  request: IncomingMessage,
): void {
  response.writeHead(status, {
    'content-type': mediaType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
    ...(hasMoreToSend(request) ? { connection: 'close' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body, () => {
    if (hasMoreToSend(request)) request.socket.destroySoon();
  });
}

function hasMoreToSend({ complete, headers }: IncomingMessage): boolean {
  return !complete && (Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined);
}

function plain(status: number, line: string): Answer {
  return { status, mediaType: 'text/plain; charset=utf-8', body: `${line}\n` };
}

function text(body: string): Answer {
  return { status: 200, mediaType: 'text/plain; charset=utf-8', body };
}
