import { constants } from 'node:crypto';
import {
  createServer as createPlainServer,
  STATUS_CODES,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { DropArgument, Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { codeOf } from '@sallyport/platform/errors';
import { clientAddress } from './client-address.ts';
import { edgeProblems } from './errors.ts';
import { closeSilentConnections, noteRequest } from './held-still.ts';
import type { EdgeLimits } from './limits.ts';
import type { EdgeTls } from './needs.ts';
import type { Problem } from './problem-details.ts';
import { securityHeaders } from './security-headers.ts';

type ConnectionRefusal = 'headers_too_large' | 'request_malformed' | 'request_timeout' | 'too_many_connections';

/**
 * The server of Node with every limit set that keeps a slow or greedy client from costing others: connections in all and
 * for each address, size of headers, time for headers and for the request. `onRefused` is told of each connection refused.
 */
export function createHttpServer(options: {
  readonly listener: RequestListener;
  readonly limits: EdgeLimits;
  /** TLS 1.3, at first perhaps without a certificate; plain HTTP when undefined. */
  readonly tls:
    | (Partial<EdgeTls> & {
        readonly challenge?: (hostName: string) => SecureContext | undefined;
        readonly asksForCertificate?: true;
      })
    | undefined;
  readonly onRefused: (code: ConnectionRefusal, address: string) => void;
}): Server {
  const { limits, tls, onRefused } = options;
  const listener: RequestListener = (request, response) => {
    noteRequest(request);
    setDeadline(request, limits.requestTimeoutMs, (late) =>
      server.emit('clientError', Object.assign(new Error('late'), { code: bodyLate }), late),
    );
    options.listener(request, response);
  };
  const settings = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeoutMs,
    // Kept here, below, since some requests have no end.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.timeoutCheckMs,
    // A request without a host is refused later, with a problem that says so.
    requireHostHeader: false,
    // Any other upgrade, such as to HTTP/2, is an offer that may be ignored (RFC 9110 section 7.8).
    shouldUpgradeCallback: asksForSocket,
  };
  const server: Server =
    tls === undefined
      ? createPlainServer(settings, listener)
      : createTlsServer(
          {
            ...settings,
            ...(tls.key === undefined || tls.cert === undefined ? {} : { key: tls.key, cert: tls.cert }),
            minVersion: 'TLSv1.3',
            // Possession of the key is proved in the handshake in any case; nobody is kept out for want of an issuer we know.
            ...(tls.asksForCertificate === true
              ? { requestCert: true, rejectUnauthorized: false, ...freshHandshakes }
              : {}),
            handshakeTimeout: limits.headersTimeoutMs,
            ALPNCallback: protocolChoice(tls.challenge),
          },
          listener,
        );
  // A challenge ends with its handshake (RFC 8737 section 4); HTTP is never spoken on it.
  if (tls !== undefined)
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      if (socket.alpnProtocol === challengeProtocol) socket.destroy();
    });
  // Expectations nobody knows may be ignored (RFC 9110 section 10.1.1); Node would answer without a problem.
  server.on('checkExpectation', listener);
  // Such a request does not come to the listener.
  server.on('upgrade', noteRequest);
  closeSilentConnections(server, limits.idleTimeoutMs);
  server.maxConnections = limits.connections;
  server.on('drop', (dropped?: DropArgument) =>
    onRefused('too_many_connections', clientAddress(dropped?.remoteAddress)),
  );
  limitPerAddress(server, limits.connectionsPerAddress, (address) => onRefused('too_many_connections', address));
  const sockets = new Set<Socket>();
  connected.set(server, sockets);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return server;
}

/** Below TLS: Node's list of a server's connections lacks those that have not ended their handshake. */
const connected = new WeakMap<Server, Set<Socket>>();

/** Ends every connection, whatever it is in the middle of. Otherwise a silent one keeps its server from closing. */
export function endConnections(server: Server): void {
  server.closeAllConnections();
  for (const socket of connected.get(server) ?? []) socket.destroy();
}

/** RFC 6455 section 4.1. Only such a request can become a WebSocket. */
export function asksForSocket({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

const deadlines = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/** A body must be here in time. */
function setDeadline(request: IncomingMessage, timeoutMs: number, onLate: (socket: Socket) => void): void {
  const { headers } = request;
  if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0) return;
  const deadline = setTimeout(() => {
    // What came while this process was held still is read first.
    setImmediate(() => {
      if (!request.complete && !request.destroyed) onLate(request.socket);
    });
  }, timeoutMs);
  deadline.unref();
  deadlines.set(request, deadline);
  request.once('close', () => clearTimeout(deadline));
}

/** This request may go on for as long as it likes: its route reads it as it comes. */
export function liftDeadline(request: IncomingMessage): void {
  clearTimeout(deadlines.get(request));
}

/** A session that is taken up again would show a certificate whose key nobody has proved since, or whose card is gone. */
export const freshHandshakes = { secureOptions: constants.SSL_OP_NO_TICKET } as const;

const challengeProtocol = 'acme-tls/1';

/** Who asks for the challenge's protocol is shown its certificate; everybody else the server's. */
function protocolChoice(challenge: ((hostName: string) => SecureContext | undefined) | undefined) {
  return function choose(
    this: TLSSocket,
    { servername, protocols }: { servername: string; protocols: string[] },
  ): string | undefined {
    const shown = protocols.includes(challengeProtocol) ? challenge?.(servername.toLowerCase()) : undefined;
    if (shown === undefined) return protocols.includes('http/1.1') ? 'http/1.1' : undefined;
    this.setKeyCert(shown);
    return challengeProtocol;
  };
}

/** One address cannot take all connections. Those of the operator's socket are not counted. */
function limitPerAddress(server: Server, limit: number, onRefused: (address: string) => void): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = clientAddress(socket.remoteAddress);
    if (address === 'local') return;
    const count = (open.get(address) ?? 0) + 1;
    if (count > limit) {
      onRefused(address);
      socket.destroy();
      return;
    }
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
}

/** Answers what never became a request, and closes. */
export function refuseConnection(error: unknown, socket: Socket, correlationId: string): ConnectionRefusal {
  const code = refusalOf(codeOf(error));
  const { status, title } = edgeProblems[code];
  const problem: Problem = {
    type: `urn:sallyport:problem:${code}`,
    title,
    status,
    detail: title,
    code,
    instance: correlationId,
  };
  const body = JSON.stringify(problem);
  const headers = {
    ...securityHeaders,
    'x-correlation-id': correlationId,
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  if (socket.writable)
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head.join('\r\n')}\r\n\r\n${body}`);
  // A client that does not read must not keep the socket either.
  socket.destroySoon();
  return code;
}

/** Node's code of a request whose headers are late. */
export const headersLate = 'ERR_HTTP_REQUEST_TIMEOUT';
const bodyLate = 'BODY_LATE';

function refusalOf(nodeCode: string | undefined): 'headers_too_large' | 'request_malformed' | 'request_timeout' {
  if (nodeCode === 'HPE_HEADER_OVERFLOW') return 'headers_too_large';
  if (nodeCode === headersLate || nodeCode === bodyLate) return 'request_timeout';
  return 'request_malformed';
}
