import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '@sallyport/contracts';
import { openStream, outlive, sinkOf, type Patience } from './answer-stream.ts';
import { createHttpSessions } from './http-sessions.ts';
import { bodyOf, failed, readMessage, refusalBody, rpcCodes } from './json-rpc.ts';
import type { RpcMessage, RpcRequest } from './json-rpc.ts';
import { fromHeader, nameIn, versionIn } from './modern-headers.ts';
import { createModernFront, type ModernFront } from './modern-front.ts';
import type { Relay } from './relay.ts';

export type HttpFront = {
  readonly port: number;
  close(): Promise<void>;
};

type OpenRelay = (front: {
  readonly toClient: (message: RpcMessage) => void;
  readonly closed: (reason: string) => void;
}) => Relay;

/** A stream without a word is taken for broken by what stands between. */
const aliveMs = 15_000;
/** For the last of an answer, once all of it was said. */
const lastMs = 30_000;

/**
 * Streamable HTTP on this machine alone: each session (2025-03-26 to 2025-11-25) has a relay and a server of its own; requests of
 * 2026-07-28 share one. Nobody is heard without the token; a page of a browser is heard neither by its origin nor by a name that points
 * here.
 */
export async function serveHttp({
  port,
  token,
  maxRequestBytes,
  open,
  say,
  patience = { aliveMs, lastMs },
}: {
  readonly port: number;
  readonly token: string;
  readonly maxRequestBytes: number;
  readonly open: OpenRelay;
  readonly say: (line: string) => void;
  readonly patience?: Patience;
}): Promise<HttpFront> {
  let modern: ModernFront | undefined;
  const sessions = createHttpSessions({ open, newId: () => randomBytes(24).toString('base64url') });
  const wanted = digest(token);
  const server = http.createServer({ maxHeaderSize: 16 * 1024, requestTimeout: 60_000 }, (request, response) => {
    outlive(response, patience.lastMs);
    handle(request, response).catch((error: unknown) => {
      say(`a request failed: ${error instanceof Error ? error.message : String(error)}`);
      if (response.headersSent) response.destroy();
      else refuse(response, 500, 'Sallyport: the request failed');
    });
  });
  server.maxConnections = 200;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isOurs(request.headers.host)) return refuse(response, 403, 'the host must be this machine');
    if (!isOurs(originHost(request.headers.origin))) return refuse(response, 403, 'the origin must be this machine');
    const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!timingSafeEqual(digest(bearer), wanted)) {
      response.setHeader('www-authenticate', 'Bearer');
      return refuse(response, 401, 'the token of this gateway must come along');
    }
    if (request.url !== '/mcp') return refuse(response, 404, 'there is only /mcp');
    const sessionId = headerIn(request, 'mcp-session-id');
    if (request.method === 'POST') return post(request, response, sessionId);
    const session = sessionId === undefined ? undefined : sessions.find(sessionId);
    if (request.method === 'GET') {
      if (sessionId === undefined) return refuse(response, 405, 'a stream belongs to a session');
      if (session === undefined) return refuse(response, 404, 'there is no such session');
      const lastEventId = headerIn(request, 'last-event-id');
      const sink = sinkOf(response, patience, (one) => session.unlisten(one));
      const isHeard = lastEventId === undefined ? session.listen(sink) : session.resume(lastEventId, sink);
      if (isHeard) {
        sink.open();
        return undefined;
      }
      // Streams there are no more are not made up: what was said on them is lost.
      if (lastEventId !== undefined) return refuse(response, 404, 'there is no such event');
      sink.end();
      return undefined;
    }
    if (request.method === 'DELETE') {
      if (session === undefined) return refuse(response, 404, 'there is no such session');
      await sessions.end(session.id);
      response.writeHead(204).end();
      return undefined;
    }
    return refuse(response, 405, 'must be POST, GET or DELETE');
  }

  async function post(
    request: IncomingMessage,
    response: ServerResponse,
    sessionId: string | undefined,
  ): Promise<void> {
    const accept = request.headers.accept ?? '';
    if (!accept.includes('*/*') && !(accept.includes('application/json') && accept.includes('text/event-stream')))
      return refuse(response, 406, 'must accept application/json and text/event-stream');
    if (request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() !== 'application/json')
      return refuse(response, 415, 'must be application/json');
    const text = await bodyText(request, maxRequestBytes);
    if (text === undefined) return refuse(response, 413, `must be at most ${maxRequestBytes} bytes`);
    const message = readMessage(text);
    if (message.kind === 'refused') return json(response, 400, refusalBody(message));
    if (message.kind !== 'response' && versionIn(message.params) !== undefined)
      return message.kind === 'request' ? postModern(request, response, message) : void response.writeHead(202).end();
    const isFirst = message.kind === 'request' && message.method === 'initialize';
    if (isFirst && sessionId !== undefined) return refuse(response, 400, 'a session begins without one');
    if (!isFirst && sessionId === undefined)
      return refuse(response, 400, 'must name its session (Mcp-Session-Id), or its version in "_meta"');
    const session = sessionId === undefined ? await sessions.begin() : sessions.find(sessionId);
    if (session === undefined)
      return sessionId === undefined
        ? refuse(response, 503, 'there are too many sessions')
        : refuse(response, 404, 'there is no such session');
    if (message.kind !== 'request') {
      session.tell(message);
      response.writeHead(202).end();
      return undefined;
    }
    if (isFirst) response.setHeader('mcp-session-id', session.id);
    const sink = sinkOf(response, patience, (one) => session.unlisten(one));
    sink.open();
    session.ask(message, sink);
    return undefined;
  }

  async function postModern(request: IncomingMessage, response: ServerResponse, message: RpcRequest): Promise<void> {
    const mismatch = mismatchIn(request, message);
    if (mismatch !== undefined)
      return json(response, 400, answerBody(message, failed(rpcCodes.headerMismatch, `Header mismatch: ${mismatch}`)));
    modern ??= createModernFront({ open, closed: (reason) => say(`the server is gone: ${reason}`) });
    // Closing the stream is how a client of this version takes its question back.
    const over = new AbortController();
    response.on('close', () => over.abort());
    let stream: ReturnType<typeof openStream> | undefined;
    const outcome = await modern.ask(message, {
      signal: over.signal,
      notify(notification) {
        stream ??= openStream(response, patience);
        stream.write(notification);
      },
    });
    if (stream === undefined) return json(response, statusOf(outcome), answerBody(message, outcome));
    stream.write({ kind: 'response', id: message.id, outcome });
    response.end();
    return undefined;
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([sessions.close(), modern?.close()]);
      server.closeAllConnections();
      await closed;
    },
  };
}

function answerBody({ id }: RpcRequest, outcome: Parameters<typeof statusOf>[0]): JsonObject {
  return bodyOf({ kind: 'response', id, outcome });
}

/** As 2026-07-28 has them; what a tool answers is 200 whatever it says. */
function statusOf(outcome: ReturnType<typeof failed> | { readonly result: JsonObject }): number {
  if (!('error' in outcome)) return 200;
  if (outcome.error.code === rpcCodes.noSuchMethod) return 404;
  return outcome.error.code === rpcCodes.unsupportedVersion || outcome.error.code === rpcCodes.invalidParams
    ? 400
    : 200;
}

/** Headers that say otherwise than the body: whoever stands between would have judged another request. */
function mismatchIn(request: IncomingMessage, { method, params }: RpcRequest): string | undefined {
  const version = versionIn(params);
  const name = nameIn(method, params);
  if (headerIn(request, 'mcp-protocol-version') !== version) return 'MCP-Protocol-Version is not that of the body';
  if (headerIn(request, 'mcp-method') !== method) return 'Mcp-Method is not that of the body';
  const said = headerIn(request, 'mcp-name');
  if (name !== undefined && (said === undefined || fromHeader(said) !== name))
    return 'Mcp-Name is not that of the body';
  return undefined;
}

function headerIn(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** A name that somebody else could let point here is none of this machine's. */
function isOurs(host: string | undefined): boolean {
  return host !== undefined && /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(host);
}

/** Programs have no origin; pages of a browser always say theirs. */
function originHost(origin: string | undefined): string | undefined {
  if (origin === undefined) return 'localhost';
  return /^https?:\/\//.test(origin) && URL.canParse(origin) ? new URL(origin).host : undefined;
}

async function bodyText(request: AsyncIterable<Buffer>, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function json(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  // What is left of the body is not read.
  if (status === 413) response.setHeader('connection', 'close');
  json(response, status, {
    jsonrpc: '2.0',
    id: null,
    error: { code: rpcCodes.invalidRequest, message: `Sallyport: ${reason}` },
  });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
