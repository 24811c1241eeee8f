import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * A process that was held still (a long turn, a machine that slept) finds its timers due before it has read what came in meanwhile: whoever
 * sent in time would be cut off, with their request lost on the way. So what has arrived is read before a connection counts as silent.
 */
export function closeSilentConnections(server: Server, idleTimeoutMs: number): void {
  server.setTimeout(idleTimeoutMs);
  server.on('timeout', (socket: Socket) => {
    const { bytesRead } = socket;
    // Timers come before reading, and reading before this.
    setImmediate(() => {
      if (socket.bytesRead === bytesRead) socket.destroy();
    });
  });
}

const newest = new WeakMap<Socket, IncomingMessage>();

/** The headers of a request are whole. */
export function noteRequest(request: IncomingMessage): void {
  newest.set(request.socket, request);
}

/** Calls `refuse` where what has arrived by now is no request either. Node says of a connection only once that its headers are late. */
export function unlessRequested(socket: Socket, refuse: () => void): void {
  const before = newest.get(socket);
  setImmediate(() => {
    if (newest.get(socket) === before) refuse();
  });
}
