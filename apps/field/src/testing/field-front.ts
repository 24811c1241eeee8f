// A server before the server: it hands out the phone's page from a folder of the test's and passes everything else on.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { extname, join } from 'node:path';

export type FieldFront = {
  readonly port: number;
  /** From now on the page is what lies in this folder. */
  serve(directory: string): void;
  end(): Promise<void>;
};

const types = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript'],
  ['.css', 'text/css'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.webmanifest', 'application/manifest+json'],
]);
const base = '/field/';

/** `address` of the server behind it. */
export async function openFieldFront(address: string): Promise<FieldFront> {
  const { hostname, port: farPort } = new URL(address);
  let served = '';
  const onwards = ({ url, method, headers }: IncomingMessage): RequestOptions => ({
    hostname,
    port: farPort,
    path: url,
    method,
    headers,
    agent: false,
  });
  const front = createServer((asked, answer) => {
    const { pathname } = new URL(asked.url ?? '/', address);
    if (pathname.startsWith(base)) {
      const name = pathname === base ? 'index.html' : pathname.slice(base.length);
      void readFile(join(served, name)).then(
        (content) => answer.writeHead(200, { 'content-type': types.get(extname(name)) }).end(content),
        () => answer.writeHead(404).end(),
      );
      return;
    }
    const far = request(onwards(asked), (said) => {
      answer.writeHead(said.statusCode ?? 502, said.headers);
      said.pipe(answer);
    });
    far.on('error', () => answer.destroy());
    asked.pipe(far);
  });
  front.on('upgrade', (asked, near) => {
    const far = request(onwards(asked));
    far.on('error', () => near.destroy());
    far.on('upgrade', (said, socket) => {
      const lines = Object.entries(said.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
      near.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
      for (const [one, other] of [
        [near, socket],
        [socket, near],
      ] as const)
        one
          .on('error', () => other.destroy())
          .once('close', () => other.destroy())
          .pipe(other);
    });
    far.on('response', () => near.destroy());
    far.end();
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const listening = front.address();
  if (listening === null || typeof listening === 'string') throw new Error('The front has no port');
  return {
    port: listening.port,
    serve: (directory) => void (served = directory),
    async end() {
      const closed = once(front, 'close');
      front.close();
      front.closeAllConnections();
      await closed;
    },
  };
}
