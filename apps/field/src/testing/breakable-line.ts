// The network between a phone and its server, as a TCP proxy on the loopback that can be taken away.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

/**
 * `silent`: nothing arrives any more and nobody is told, as behind a router that has lost its own line. `refused`: every
 * connection ends and none is taken.
 */
export type Break = 'silent' | 'refused';

export type BreakableLine = {
  readonly port: number;
  cut(how: Break): void;
  /** What was cut off stays so; new connections go through. */
  mend(): void;
  end(): Promise<void>;
};

/** `target` is asked for each connection: a server that was started anew listens elsewhere. */
export async function openBreakableLine(
  target: () => { readonly host: string; readonly port: number },
): Promise<BreakableLine> {
  const ends = new Set<Socket>();
  let broken: Break | undefined;
  const keep = (socket: Socket): void => {
    ends.add(socket);
    // The other end closes with it; an end that breaks is what this is for.
    socket.on('error', () => socket.destroy()).once('close', () => ends.delete(socket));
  };
  const server = createServer((phone) => {
    keep(phone);
    if (broken === 'refused') return void phone.destroy();
    if (broken === 'silent') return void phone.resume();
    const far = connect(target());
    keep(far);
    // Who hangs up behind a silent line is not heard to do so.
    const hangUp = (other: Socket) => (): void => void (broken === 'silent' ? undefined : other.destroy());
    phone.once('close', hangUp(far)).pipe(far);
    far.once('close', hangUp(phone)).pipe(phone);
    return undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The line has no port');
  return {
    port: address.port,
    cut(how) {
      broken = how;
      for (const end of ends) {
        if (how === 'refused') end.destroy();
        else end.unpipe().resume();
      }
    },
    mend() {
      broken = undefined;
      for (const end of ends) end.destroy();
    },
    async end() {
      const closed = once(server, 'close');
      server.close();
      for (const end of ends) end.destroy();
      await closed;
    },
  };
}
