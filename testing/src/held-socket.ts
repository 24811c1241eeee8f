import type { Socket } from 'node:net';

/**
 * A client's connection as a test holds it: that the other end resets it is an end and no crash of the test's process
 * (Node throws an `error` nobody listens to), and with `using` it is closed however the test ends.
 */
export function heldSocket<Kind extends Socket>(socket: Kind): Kind & Disposable {
  socket.on('error', () => undefined);
  return Object.assign(socket, { [Symbol.dispose]: () => void socket.destroy() });
}

/** Resolves once the connection is over. `once(socket, 'close')` does not when it ends by a reset: it rejects. */
export function socketOver(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('error', () => undefined);
  if (socket.closed) resolve();
  else socket.once('close', () => resolve());
  return promise;
}

/** Resolves with all that the other end says, once it hung up or cut off. */
export async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await socketOver(socket);
  return Buffer.concat(chunks).toString('utf8');
}
