import { createServer } from 'node:net';

/** Below what the system gives to whoever asks for any port, or connects from any. */
const lowest = 10_240;
const ports = 21_760;
/** Each process begins elsewhere, so that two test files never think of the same one. */
const portsPerProcess = 64;
let given = 0;

/**
 * A port of loopback that nobody has, and that nobody gets who asks for any: it is still free when something listens on it
 * later, or again. Each once in a process.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < ports; tries += 1) {
    const port = lowest + ((process.pid * portsPerProcess + given) % ports);
    given += 1;
    if (await isFree(port)) return port;
  }
  throw new Error('Every port is taken');
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = createServer();
  probe.once('error', () => resolve(false));
  probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  return promise;
}
