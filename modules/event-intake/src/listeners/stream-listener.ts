import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket, createServer as createTlsServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import type { Clock } from '@sallyport/platform/clock';
import { codeOf } from '@sallyport/platform/errors';
import type { EventBytes } from '../event-bytes.ts';
import { createSyslogSplitter } from '../split-syslog.ts';
import { plainAddress } from './listener-settings.ts';
import type { MessageRate } from './message-rate.ts';
import type { Refusals } from './refusals.ts';
import { createSenderPatience } from './sender-patience.ts';
import { addressSender, certificateSender } from './sender.ts';
import type { Sender } from './sender.ts';
import type { ListenerCounts, SyslogSink } from './syslog-sink.ts';
import { tlsTerms } from './tls-terms.ts';

export type OpenListener = {
  readonly port: number;
  readonly connections: () => number;
  /** For connections from now on. */
  setTls?(tls: TlsOptions): void;
  /** Senders are told that it is over; what they had sent by then is delivered first. */
  close(): Promise<void>;
};

export type OwnHandshakes = { take(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): boolean };

export type ListenerNeeds = {
  readonly host: string;
  readonly port: number;
  readonly zoneMinutes: number;
  readonly isAllowed: (address: string) => boolean;
  readonly sink: SyslogSink;
  readonly counts: ListenerCounts;
  readonly clock: Clock;
  readonly rate: MessageRate;
  readonly refusals: Pick<Refusals, 'count'>;
  /** Takes a connection that the server made itself, to see what is refused here: nobody is told of it. */
  readonly ownHandshakes?: OwnHandshakes | undefined;
  readonly limits?: Partial<StreamLimits>;
  /** Waits unless aborted; the system's timer when left out. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
};

export type StreamLimits = {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly maxMessageBytes: number;
  /** Without a byte. */
  readonly idleMs: number;
  /** From the beginning of a message to its end. */
  readonly messageMs: number;
  readonly handshakeMs: number;
};

const defaultLimits: StreamLimits = {
  maxConnections: 256,
  maxConnectionsPerAddress: 32,
  maxMessageBytes: 65_536,
  idleMs: 15 * 60_000,
  messageMs: 60_000,
  handshakeMs: 10_000,
};
/** When a listener closes: how long it waits for what is on the way, without a byte and in all. */
const leaving = { quietMs: 250, mostMs: 2000 };

/**
 * Syslog over TCP or TLS (RFC 6587, RFC 5425). What a chunk brings is durable before the next is read, and who sends too fast is
 * read from later, so a ledger that is behind makes senders wait. Each connection holds one chunk and one message. With `requestCert`
 * only those get in whose certificate verifies, and its name is the sender.
 */
export function openStreamListener(needs: ListenerNeeds, tls?: TlsOptions): Promise<OpenListener> {
  const limits = { ...defaultLimits, ...needs.limits };
  const pause = needs.pause ?? pauseFor;
  const sockets = new Set<Socket>();
  /** Below TLS, by who is at the other end. */
  const rawSockets = new Map<string, Socket>();
  const perAddress = new Map<string, number>();
  const pumps = new Set<Promise<void>>();
  const connections = new Map<Socket, { leave(): void }>();
  const closing = new AbortController();

  function refuse(
    socket: Socket,
    reason: 'network' | 'connections' | 'handshake' | 'certificate',
    detail?: string,
  ): void {
    const isOwn = needs.ownHandshakes?.take(socket) === true;
    if (isOwn) return void socket.destroy();
    needs.counts.refused += 1;
    needs.refusals.count({ reason, address: plainAddress(socket.remoteAddress), detail });
    socket.destroy();
  }

  /** Counts raw connections, so that one which never ends its handshake counts too. */
  function admit(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress);
    const held = perAddress.get(address) ?? 0;
    socket.on('error', () => undefined);
    if (!needs.isAllowed(address)) return refuse(socket, 'network');
    if (sockets.size >= limits.maxConnections || held >= limits.maxConnectionsPerAddress)
      return refuse(socket, 'connections');
    sockets.add(socket);
    const peer = peerOf(socket);
    rawSockets.set(peer, socket);
    perAddress.set(address, held + 1);
    socket.on('close', () => {
      sockets.delete(socket);
      rawSockets.delete(peer);
      const left = (perAddress.get(address) ?? 1) - 1;
      if (left > 0) perAddress.set(address, left);
      else perAddress.delete(address);
    });
    return undefined;
  }

  async function pump(socket: Socket, sender: Sender): Promise<void> {
    const splitter = createSyslogSplitter({ maxEventBytes: limits.maxMessageBytes });
    const patience = createSenderPatience({ ...limits, clock: needs.clock, onEnd: () => socket.destroy() });
    let rest: Uint8Array | undefined;
    let quiet: NodeJS.Timeout | undefined;
    /** How many, or undefined when the server stopped before they were durable. */
    const deliver = async (events: Iterable<EventBytes>): Promise<number | undefined> => {
      const copies = [...events].map((event) => ({ ...event, bytes: Uint8Array.from(event.bytes) }));
      if (copies.length === 0) return 0;
      const isDurable = await needs.sink.deliver(sender, copies, needs.zoneMinutes);
      if (isDurable) needs.counts.accepted += copies.length;
      else needs.counts.dropped += copies.length;
      return isDurable ? copies.length : undefined;
    };
    const part = (): void => {
      const held: unknown = socket.read();
      if (held instanceof Uint8Array) rest = held;
      // A sender that did not see the end loses its next message to a connection that is closed, not to one that is reset.
      rawSockets.get(peerOf(socket))?.resetAndDestroy();
      socket.destroy();
    };
    connections.set(socket, {
      leave() {
        // A well-behaved sender sees this before its next message, and sends that to the next listener.
        socket.end();
        quiet = setTimeout(part, leaving.quietMs);
        const most = setTimeout(part, leaving.mostMs);
        socket.once('close', () => {
          clearTimeout(quiet);
          clearTimeout(most);
        });
      },
    });
    socket.on('error', () => undefined);
    const chunks: AsyncIterable<Uint8Array> = socket;
    try {
      patience.wait(false);
      for await (const chunk of chunks) {
        patience.stop();
        const messages = await deliver(splitter.push(chunk));
        if (messages === undefined) break;
        const waitMs = needs.rate.take(`${sender.kind}/${sender.name}`, messages);
        if (waitMs > 0) {
          needs.counts.overRate += messages;
          await pause(waitMs, closing.signal);
        }
        patience.wait(splitter.heldBytes > 0, messages > 0);
        quiet?.refresh();
      }
    } catch {
      // The sender is gone in the middle: what it said until then counts.
    }
    patience.stop();
    connections.delete(socket);
    if (rest !== undefined) await deliver(splitter.push(rest));
    await deliver(splitter.end());
    socket.destroy();
  }

  const start = (socket: Socket): void => {
    if (socket.destroyed) return;
    const address = plainAddress(socket.remoteAddress);
    let sender = addressSender(address);
    if (tls?.requestCert === true) {
      // Looked at here and not by the library, which would end the connection without a word to anybody.
      const certificate =
        socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
      if (certificate === undefined) return refuse(socket, 'certificate', whyNot(socket));
      sender = certificateSender(certificate, address);
    }
    const running = pump(socket, sender).finally(() => pumps.delete(running));
    pumps.add(running);
    return undefined;
  };

  const server =
    tls === undefined
      ? createServer(start)
      : createTlsServer({ ...tlsTerms(tls), handshakeTimeout: limits.handshakeMs, rejectUnauthorized: false }, start);
  // Before its first byte is looked at.
  server.prependListener('connection', admit);
  server.on('tlsClientError', (error: unknown, socket: Socket) => {
    // Whoever only looks whether the port is open hangs up; who was refused before ends here too, without an address.
    if (codeOf(error) === 'ECONNRESET' || socket.remoteAddress === undefined) socket.destroy();
    else refuse(socket, 'handshake', codeOf(error));
  });

  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: needs.host, port: needs.port }, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      const address = server.address();
      resolve({
        port: typeof address === 'object' ? (address?.port ?? needs.port) : needs.port,
        connections: () => sockets.size,
        ...(isSecure(server) && { setTls: (renewed: TlsOptions) => server.setSecureContext(tlsTerms(renewed)) }),
        async close() {
          const closed = new Promise<void>((done) => server.close(() => done()));
          closing.abort();
          for (const connection of connections.values()) connection.leave();
          await Promise.all(pumps);
          for (const socket of sockets) socket.destroy();
          await closed;
        },
      });
    });
  });
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? ''}`;
}

function isSecure(server: object): server is ReturnType<typeof createTlsServer> {
  return 'setSecureContext' in server;
}

/** Why a certificate does not count, and whom it names; an attacker writes the name. */
function whyNot(socket: Socket): string {
  if (!(socket instanceof TLSSocket)) return 'no TLS';
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return 'no certificate';
  return `${String(socket.authorizationError)}: ${certificate.subject ?? ''}`.replaceAll(/\s+/g, ' ');
}

async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
