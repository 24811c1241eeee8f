// A WebSocket client for tests: one that keeps to the rules, and one that writes what it likes.
import { once } from 'node:events';
import { request, type IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

export type SocketClient = {
  readonly protocol: string;
  /** The next message not taken yet. */
  next(): Promise<Uint8Array | string>;
  send(message: string | Uint8Array): void;
  ping(): void;
  /** The close code, once it is closed; 1006 when nobody said goodbye. */
  readonly closed: Promise<number>;
  reason(): string;
  end(): Promise<void>;
};

type Target = {
  readonly url: string;
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
};

/** Rejects when the server refuses, with the status in the message. */
export async function openWebSocket({ url, protocols = [], headers = {} }: Target): Promise<SocketClient> {
  const socket = new WebSocket(url, [...protocols], { headers });
  const waiting: (Uint8Array | string)[] = [];
  const takers: ((message: Uint8Array | string) => void)[] = [];
  let reason = '';
  socket.on('message', (data, isBinary) => {
    if (!Buffer.isBuffer(data)) return;
    const message = isBinary ? data : data.toString('utf8');
    const taker = takers.shift();
    if (taker === undefined) waiting.push(message);
    else taker(message);
  });
  const closed = new Promise<number>((resolve) => {
    socket.on('close', (code, text) => {
      reason = text.toString('utf8');
      resolve(code);
    });
  });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  return {
    protocol: socket.protocol,
    next: () =>
      new Promise((resolve, reject) => {
        const first = waiting.shift();
        if (first !== undefined) {
          resolve(first);
          return;
        }
        takers.push(resolve);
        void closed.then((code) => reject(new Error(`The socket was closed with ${code} ${reason}`)));
      }),
    send: (message) => socket.send(message),
    ping: () => socket.ping(),
    closed,
    reason: () => reason,
    async end() {
      socket.close();
      await closed;
    },
  };
}

export type UpgradeAnswer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** When it was upgraded. */
  readonly socket: Socket | undefined;
  /** Resolves when the server's close frame came, or its end. */
  readonly goodbye: Promise<void>;
};

/** Asks for a WebSocket by hand, with any headers; whoever is let in has the bare connection. */
export function askForUpgrade(target: {
  readonly port: number;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}): Promise<UpgradeAnswer> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...target.headers,
  };
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: target.port, path: target.path, agent: false, headers });
    sent.on('error', reject);
    sent.on('upgrade', (response, socket, head) => {
      socket.on('error', () => undefined);
      const goodbye = new Promise<void>((said) => {
        let received = Buffer.from(head);
        socket.on('data', (bytes) => {
          received = Buffer.concat([received, bytes]);
          if (hasCloseFrame(received)) said();
        });
        socket.on('close', () => said());
      });
      resolve({ status: 101, headers: response.headers, text: '', socket, goodbye });
    });
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          socket: undefined,
          goodbye: Promise.resolve(),
        }),
      );
    });
    sent.end();
  });
}

/** Of short frames of a server (RFC 6455 section 5.2). */
function hasCloseFrame(bytes: Uint8Array): boolean {
  for (let at = 0; at + 1 < bytes.length; at += 2 + ((bytes[at + 1] ?? 0) & 0x7f)) if (bytes[at] === 0x88) return true;
  return false;
}

/** A frame as a client sends it (RFC 6455 section 5.2), masked with zeros. */
export function textFrame(text: string): Uint8Array {
  const payload = Buffer.from(text);
  if (payload.length > 125) throw new TypeError('Cannot frame more than 125 bytes');
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
