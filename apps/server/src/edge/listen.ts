import { once } from 'node:events';
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { codeOf } from '@sallyport/platform/errors';
import { isLoopback } from './client-address.ts';
import { EdgeError } from './errors.ts';

/** `sun_path` of Linux and macOS, whichever is shorter, without the closing zero. */
const maxSocketPathBytes = 103;

/** Returns the address for people: `http://127.0.0.1:8470`. Throws `plain_http_not_loopback`. */
export async function listenOnPort(
  app: FastifyInstance,
  where: { host: string; port: number },
  secure: boolean,
): Promise<string> {
  if (!secure && !isLoopback(where.host)) {
    throw new EdgeError(
      'plain_http_not_loopback',
      `Cannot serve plain HTTP on "${where.host}": must be a loopback address, or have a certificate`,
      {
        hint: 'listen on 127.0.0.1, or configure the names the certificate is for',
      },
    );
  }
  // "localhost" can be made to resolve elsewhere.
  await app.listen({ host: where.host === 'localhost' ? '127.0.0.1' : where.host, port: where.port });
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : where.port;
  return `${secure ? 'https' : 'http'}://${where.host.includes(':') ? `[${where.host}]` : where.host}:${port}`;
}

/**
 * A Unix socket that only its owner can reach: in a folder of mode 0700, itself of mode 0600.
 * What a killed server left behind is removed. Throws `socket_in_use`, `socket_path_too_long`.
 */
export async function listenOnSocket(server: Server, file: string): Promise<void> {
  if (Buffer.byteLength(file) > maxSocketPathBytes) {
    throw new EdgeError(
      'socket_path_too_long',
      `Cannot listen on "${file}": must be at most ${maxSocketPathBytes} bytes`,
    );
  }
  const directory = dirname(file);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  await removeStaleSocket(file);
  server.listen({ path: file });
  await once(server, 'listening');
  chmodSync(file, 0o600);
}

async function removeStaleSocket(file: string): Promise<void> {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket() || (await answers(file))) {
    throw new EdgeError(
      'socket_in_use',
      `Cannot listen on "${file}": must not exist, or be left behind by a server that is gone`,
      {
        hint: 'is another server running on this data directory?',
      },
    );
  }
  unlinkSync(file);
}

function answers(file: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(file);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      if (codeOf(error) === 'ECONNREFUSED' || codeOf(error) === 'ENOENT') resolve(false);
      else reject(error);
    });
  });
}
