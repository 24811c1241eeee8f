import { createServer } from 'node:net';

/** Below what the system gives to whoever asks for any port, or connects from any. */
const lowest = 10_240;
/** A process has a block of ports to itself for as long as it lives, for it listens on the block's first. */
const portsPerBlock = 64;
const blocks = 340;
type Block = { readonly first: number; given: number };
let own: Promise<Block> | undefined;

/**
 * A port of loopback that nobody has, that nobody gets who asks for any, and that no other process is given here: it is
 * still free when something listens on it later, or again. Each once in a process.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < blocks * portsPerBlock; tries += 1) {
    own ??= takeBlock();
    const block = await own;
    block.given += 1;
    const port = block.first + block.given;
    if (block.given >= portsPerBlock - 1) own = undefined;
    if (block.given < portsPerBlock && (await isFree(port))) return port;
  }
  throw new Error('Every port is taken');
}

async function takeBlock(): Promise<Block> {
  for (let tries = 0; tries < blocks; tries += 1) {
    const first = lowest + ((process.pid + tries) % blocks) * portsPerBlock;
    if (await isHeld(first)) return { first, given: 0 };
  }
  throw new Error('Every block of ports is taken');
}

/** Whether this process now listens there, until it ends; it does not stay alive for it. */
function isHeld(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const anchor = createServer((socket) => socket.destroy()).unref();
  anchor.once('error', () => resolve(false));
  anchor.listen(port, '127.0.0.1', () => resolve(true));
  return promise;
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = createServer();
  probe.once('error', () => resolve(false));
  probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  return promise;
}
