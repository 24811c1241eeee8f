import type { Socket } from 'node:net';

type Ends = Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>;

/**
 * Connections this process makes to its own listeners to see what they agree to. Most are refused, which is what they are for:
 * that is no attempt of anybody's, and the audit does not speak of it.
 */
export type OwnHandshakes = {
  /** Once it is connected, before its first byte is answered. */
  add(socket: Pick<Ends, 'localAddress' | 'localPort'>): void;
  /** Whether what a listener accepted is the other end of one. Each is known once. */
  take(socket: Pick<Ends, 'remoteAddress' | 'remotePort'>): boolean;
};

/** A listener need not refuse what it was asked: those it accepted are never taken, and pushed out by later ones. */
const mostKept = 100;

export function createOwnHandshakes(): OwnHandshakes {
  const ends = new Set<string>();
  const endOf = (address: string | undefined, port: number | undefined): string =>
    `${address?.replace(/^::ffff:/, '') ?? ''} ${port ?? 0}`;
  return {
    add({ localAddress, localPort }) {
      ends.add(endOf(localAddress, localPort));
      const [oldest] = ends;
      if (ends.size > mostKept && oldest !== undefined) ends.delete(oldest);
    },
    take: ({ remoteAddress, remotePort }) => ends.delete(endOf(remoteAddress, remotePort)),
  };
}
