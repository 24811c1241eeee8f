import type { IncomingMessage } from 'node:http';
import websocket from '@fastify/websocket';
import type { WebSocket } from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CodedError } from '@sallyport/platform/errors';
import type { MessageSocket, SocketListener, SocketRoute } from '@sallyport/platform/http';
import { errorFields } from '@sallyport/platform/log';
import { createTokenBucket } from '@sallyport/platform/token-bucket';
import type { Admission } from './admission.ts';
import { EdgeError } from './errors.ts';
import { asksForSocket } from './http-server.ts';
import type { EdgeLimits } from './limits.ts';
import type { EdgeNeeds } from './needs.ts';
import { chooseProtocol } from './socket-protocols.ts';

/**
 * The WebSockets of an edge. Each was let in by the hooks of its route like every request, and is looked at every second:
 * whoever would not be let in again, or answers no ping, is cut off. What one may bring is bounded in bytes and messages,
 * those of the protocol itself included, and nothing is kept for a client that does not read.
 */
export type Sockets = {
  /** Before the routes. */
  install(app: FastifyInstance): Promise<void>;
  /** Says goodbye to those that came in so. Whoever stays is cut off after `graceMs`. */
  closeThose(cameIn: (request: IncomingMessage) => boolean, graceMs: number): Promise<void>;
  /** To all, and takes no more. */
  close(graceMs: number): Promise<void>;
};

type OpenSocket = { readonly request: FastifyRequest; heardAtMs: number };

const checkMs = 1000;
const pingEveryChecks = 10;
const farewellMs = 500;
/** Of a message: a browser cuts a picture into a few. Each is an object here, however few bytes it has. */
const maxFragments = 256;
/** Pieces a frame comes in: as many as packets of 256 bytes in the largest. */
const maxBufferedChunks = 8192;
/** Replies to pings a client does not read. */
const maxUnreadBytes = 8 * 1024 * 1024;

const closeCodes = { goingAway: 1001, policy: 1008, tooLarge: 1009, failed: 1011 } as const;

export function createSockets(
  needs: Pick<EdgeNeeds, 'clock' | 'log' | 'every'>,
  parts: {
    readonly limits: EdgeLimits;
    readonly admissionOf: (request: FastifyRequest) => Pick<Admission, 'mayGoOn' | 'principalOf' | 'refused'>;
    readonly onBegin: (request: FastifyRequest) => void;
    readonly onEnd: (request: FastifyRequest) => void;
  },
): Sockets {
  const { clock, log } = needs;
  const { limits, admissionOf } = parts;
  const open = new Map<WebSocket, OpenSocket>();
  let isClosing = false;
  let isChecking = false;
  let checks = 0;

  async function check(): Promise<void> {
    checks += 1;
    const nowMs = clock.monotonicMs();
    for (const [socket, { heardAtMs }] of open) {
      if (nowMs - heardAtMs > limits.socketSilenceMs || socket.bufferedAmount > maxUnreadBytes) socket.terminate();
      else if (checks % pingEveryChecks === 0 && socket.readyState === socket.OPEN) socket.ping();
    }
    if (isChecking) return;
    isChecking = true;
    try {
      await Promise.all(
        [...open].map(async ([socket, { request }]) => {
          if (!(await admissionOf(request).mayGoOn(request)))
            closeFor(socket, closeCodes.policy, 'not allowed any more');
        }),
      );
    } finally {
      isChecking = false;
    }
  }

  /** Says why and hears nothing more. An answer is waited for, but not long. */
  function closeFor(socket: WebSocket, code: number, reason: string): void {
    socket.close(code, reason);
    setTimeout(() => socket.terminate(), farewellMs).unref();
  }

  async function closeThose(cameIn: (request: IncomingMessage) => boolean, graceMs: number): Promise<void> {
    const leaving = [...open].filter(([, { request }]) => cameIn(request.raw)).map(([socket]) => socket);
    await Promise.all(leaving.map((socket) => leave(socket, graceMs)));
  }

  function fromNetwork(): number {
    return [...open.values()].filter(({ request }) => admissionOf(request).principalOf(request).kind !== 'operator')
      .length;
  }

  function refuseMore(request: FastifyRequest): void {
    const { id, kind } = admissionOf(request).principalOf(request);
    const own = [...open.values()].filter(({ request: other }) => {
      const principal = admissionOf(other).principalOf(other);
      return principal.id === id && principal.kind === kind;
    });
    // The operator is not kept out by those of others, nor others by the operator's.
    const isFull = kind !== 'operator' && fromNetwork() >= limits.sockets;
    if (!isFull && own.length < limits.socketsPerPrincipal && !isClosing) return;
    throw new EdgeError('too_many_sockets', 'Cannot open another socket: too many are open', {
      details: { retryAfterSeconds: 10 },
    });
  }

  function begin(socket: WebSocket, request: FastifyRequest, route: SocketRoute): void {
    const entry: OpenSocket = { request, heardAtMs: clock.monotonicMs() };
    open.set(socket, entry);
    parts.onBegin(request);
    const { messagesPerSecond, bytesPerSecond } = route.rate;
    const messages = createTokenBucket({ perSecond: messagesPerSecond, burst: 2 * messagesPerSecond }, entry.heardAtMs);
    const bytes = createTokenBucket({ perSecond: bytesPerSecond, burst: 2 * bytesPerSecond }, entry.heardAtMs);
    let listener: SocketListener | undefined;

    const isWithin = (length: number): boolean => {
      const nowMs = clock.monotonicMs();
      entry.heardAtMs = nowMs;
      if (messages.take(nowMs, 1) && bytes.take(nowMs, length)) return true;
      void admissionOf(request).refused(request, { code: 'rate_limited', status: 429 });
      closeFor(socket, closeCodes.policy, 'too much at once');
      return false;
    };
    const guarded = (act: () => void): void => {
      try {
        act();
      } catch (error) {
        // As long as a close frame may be (RFC 6455 section 5.5).
        const reason = error instanceof CodedError ? Buffer.from(error.message).subarray(0, 120) : 'internal';
        if (!(error instanceof CodedError))
          log.error('A socket failed', { correlationId: request.id, ...errorFields(error) });
        closeFor(socket, error instanceof CodedError ? closeCodes.policy : closeCodes.failed, textOf(reason));
      }
    };
    const ended = (): void => {
      if (!open.delete(socket)) return;
      parts.onEnd(request);
      guarded(() => listener?.closed());
    };

    socket.on('pong', () => {
      entry.heardAtMs = clock.monotonicMs();
    });
    socket.on('ping', (data: Buffer) => socket.readyState === socket.OPEN && isWithin(data.length));
    socket.on('close', ended);
    socket.on('message', (data, isBinary) => {
      if (socket.readyState !== socket.OPEN || !Buffer.isBuffer(data) || !isWithin(data.length)) return;
      if (data.length > route.maxMessageBytes) closeFor(socket, closeCodes.tooLarge, 'message too large');
      else if (isBinary) guarded(() => listener?.bytes(data));
      else guarded(() => listener?.text(data.toString('utf8')));
    });
    guarded(() => {
      listener = route.open(messageSocket(socket), request);
    });
  }

  const stop = needs.every(checkMs, () => void check());

  return {
    async install(app) {
      app.addHook('onRoute', (route) => {
        const socketRoute = route.config?.socket;
        if (socketRoute === undefined) return;
        route.handler = () => {
          throw new EdgeError('upgrade_required', 'Cannot answer this: must be a WebSocket');
        };
        route.wsHandler = (socket, request) => begin(socket, request, socketRoute);
        route.preHandler = (request, _reply, done) => {
          if (asksForSocket(request.raw)) refuseMore(request);
          done();
        };
      });
      await app.register(websocket, {
        options: {
          maxPayload: limits.socketMessageBytes,
          maxFragments,
          maxBufferedChunks,
          perMessageDeflate: false,
          clientTracking: false,
          handleProtocols: chooseProtocol,
        },
        errorHandler: (_error, socket) => socket.terminate(),
        preClose: (done) => done(),
      });
      app.addHook('onResponse', async ({ raw }) => endRefused(raw));
      app.addHook('preHandler', async (request) => {
        if (request.is404 || !asksForSocket(request.raw)) return;
        if (request.routeOptions.config.socket === undefined)
          throw new EdgeError('upgrade_refused', 'Cannot open a socket here: this is no WebSocket');
      });
    },
    closeThose,
    async close(graceMs) {
      isClosing = true;
      stop();
      await closeThose(() => true, graceMs);
    },
  };
}

function leave(socket: WebSocket, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => socket.terminate(), graceMs);
    socket.once('close', () => {
      clearTimeout(deadline);
      resolve();
    });
    socket.close(closeCodes.goingAway, 'the server stops');
  });
}

/** A refused upgrade leaves a connection that speaks no HTTP any more: after the reply it is closed. */
export function endRefused(request: IncomingMessage): void {
  if (asksForSocket(request)) request.socket.destroySoon();
}

function messageSocket(socket: WebSocket): MessageSocket {
  return {
    send(message) {
      if (socket.readyState === socket.OPEN) socket.send(message);
    },
    waitingBytes: () => socket.bufferedAmount,
    close: (code, reason) => socket.close(code, reason),
  };
}

/** Cut at a whole character. */
function textOf(reason: Uint8Array | string): string {
  return typeof reason === 'string' ? reason : new TextDecoder().decode(reason).replace(/\ufffd+$/, '');
}
