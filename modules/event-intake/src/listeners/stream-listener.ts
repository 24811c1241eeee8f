import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import type { EventBytes } from '../event-bytes.ts';
import { createSyslogSplitter } from '../split-syslog.ts';
import { plainAddress } from './listener-settings.ts';
import type { ListenerCounts, SyslogSink } from './syslog-sink.ts';

export type OpenListener = {
  readonly port: number;
  readonly connections: () => number;
  /** For connections from now on. */
  setTls?(tls: TlsOptions): void;
  /** What was read already is delivered first. */
  close(): Promise<void>;
};

export type ListenerNeeds = {
  readonly host: string;
  readonly port: number;
  readonly zoneMinutes: number;
  readonly isAllowed: (address: string) => boolean;
  readonly sink: SyslogSink;
  readonly counts: ListenerCounts;
  readonly limits?: Partial<StreamLimits>;
};

export type StreamLimits = {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly maxMessageBytes: number;
  /** Without a byte. */
  readonly idleMs: number;
  /** From the beginning of a message to its end. */
  readonly messageMs: number;
};

const defaultLimits: StreamLimits = {
  maxConnections: 256,
  maxConnectionsPerAddress: 32,
  maxMessageBytes: 65_536,
  idleMs: 15 * 60_000,
  messageMs: 60_000,
};
const handshakeMs = 10_000;

/**
 * Syslog over TCP or TLS (RFC 6587, RFC 5425). What a chunk brings is durable before the next is read, so a ledger that is behind
 * makes senders wait. Each connection holds one chunk and one message.
 */
export function openStreamListener(needs: ListenerNeeds, tls?: TlsOptions): Promise<OpenListener> {
  const limits = { ...defaultLimits, ...needs.limits };
  const sockets = new Set<Socket>();
  const perAddress = new Map<string, number>();
  const pumps = new Set<Promise<void>>();

  /** Counts raw connections, so that one which never ends its handshake counts too. */
  function admit(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress);
    const held = perAddress.get(address) ?? 0;
    socket.on('error', () => undefined);
    if (!needs.isAllowed(address) || sockets.size >= limits.maxConnections || held >= limits.maxConnectionsPerAddress) {
      needs.counts.refused += 1;
      socket.destroy();
      return;
    }
    sockets.add(socket);
    perAddress.set(address, held + 1);
    socket.on('close', () => {
      sockets.delete(socket);
      const left = (perAddress.get(address) ?? 1) - 1;
      if (left > 0) perAddress.set(address, left);
      else perAddress.delete(address);
    });
  }

  async function pump(socket: Socket): Promise<void> {
    const address = plainAddress(socket.remoteAddress);
    const splitter = createSyslogSplitter({ maxEventBytes: limits.maxMessageBytes });
    let slow: NodeJS.Timeout | undefined;
    const deliver = async (events: Iterable<EventBytes>): Promise<boolean> => {
      const copies = [...events].map((event) => ({ ...event, bytes: Uint8Array.from(event.bytes) }));
      if (copies.length === 0) return true;
      const isDurable = await needs.sink.deliver(address, copies, needs.zoneMinutes);
      if (isDurable) needs.counts.accepted += copies.length;
      else needs.counts.dropped += copies.length;
      return isDurable;
    };
    socket.setTimeout(limits.idleMs, () => socket.destroy());
    socket.on('error', () => undefined);
    const chunks: AsyncIterable<Uint8Array> = socket;
    try {
      for await (const chunk of chunks) {
        if (!(await deliver(splitter.push(chunk)))) break;
        // Not put off by further bytes of the same message.
        if (splitter.heldBytes === 0) {
          clearTimeout(slow);
          slow = undefined;
        } else slow ??= setTimeout(() => socket.destroy(), limits.messageMs);
      }
    } catch {
      // The sender is gone in the middle: what it said until then counts.
    }
    clearTimeout(slow);
    await deliver(splitter.end());
    socket.destroy();
  }

  const start = (socket: Socket): void => {
    if (socket.destroyed) return;
    const running = pump(socket).finally(() => pumps.delete(running));
    pumps.add(running);
  };

  const server: Server =
    tls === undefined
      ? createServer((socket) => {
          admit(socket);
          start(socket);
        })
      : createTlsServer({ ...tls, minVersion: 'TLSv1.2', handshakeTimeout: handshakeMs }, start).on(
          'connection',
          admit,
        );
  server.on('tlsClientError', (_error: unknown, socket: Socket) => socket.destroy());

  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: needs.host, port: needs.port }, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      const address = server.address();
      resolve({
        port: typeof address === 'object' ? (address?.port ?? needs.port) : needs.port,
        connections: () => sockets.size,
        ...(isSecure(server) && { setTls: (renewed: TlsOptions) => server.setSecureContext(renewed) }),
        async close() {
          const closed = new Promise<void>((done) => server.close(() => done()));
          for (const socket of sockets) socket.destroy();
          await Promise.all([closed, ...pumps]);
        },
      });
    });
  });
}

function isSecure(server: Server): server is ReturnType<typeof createTlsServer> {
  return 'setSecureContext' in server;
}
