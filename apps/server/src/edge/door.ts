import { once } from 'node:events';
import type { Server } from 'node:http';
import { Server as TlsServer } from 'node:https';
import type { SecureContext, SecureContextOptions } from 'node:tls';
import { codeOf } from '@sallyport/platform/errors';
import { EdgeError } from './errors.ts';
import { endConnections } from './http-server.ts';
import type { EdgeTls } from './needs.ts';

export type DoorOptions = {
  readonly host: string;
  readonly port: number;
  /** Host names clients may use here, besides `localhost` and loopback addresses. */
  readonly hostNames: readonly string[];
  /** Without one every handshake is refused until `setTls`, except that of a challenge. */
  readonly tls: EdgeTls | undefined;
  /**
   * Asks whoever connects for a certificate and takes any, or none: who issued it is for those who read it to check. Not on a
   * door for people: a browser that has a certificate asks its user which to show before it shows anything else.
   */
  readonly asksForCertificate?: true;
  /** For a client that asks for `acme-tls/1` by this name (RFC 8737): what it is shown, or undefined. */
  readonly challenge?: (hostName: string) => SecureContext | undefined;
};

/** One more TLS listener of an edge, with the same routes and guards. */
export type Door = {
  readonly port: number;
  /** For handshakes from now on; connections go on. */
  setTls(tls: EdgeTls): void;
  setHostNames(names: readonly string[]): void;
  /** Takes no more connections at once; resolves when those under way are answered, at most after `graceMs`. */
  close(graceMs?: number): Promise<void>;
};

const defaultGraceMs = 5000;

/** Throws `port_in_use`, `port_privileged`, `host_not_here`. */
export async function listenAt(
  server: Server,
  where: { readonly host: string; readonly port: number },
): Promise<number> {
  server.listen({ host: where.host, port: where.port });
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw listenError(cause, where);
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : where.port;
}

export async function closeGently(server: Server, graceMs = defaultGraceMs): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const deadline = setTimeout(() => endConnections(server), graceMs);
  await closed;
  clearTimeout(deadline);
}

/** `settings` are those the server was made with, which would be forgotten otherwise. */
export function setCertificate(server: Server, tls: EdgeTls, settings: SecureContextOptions = {}): void {
  if (!(server instanceof TlsServer)) throw new TypeError('Cannot set a certificate: this listener has no TLS');
  server.setSecureContext({ ...settings, key: tls.key, cert: tls.cert, minVersion: 'TLSv1.3' });
}

function listenError(cause: unknown, { host, port }: { readonly host: string; readonly port: number }): unknown {
  switch (codeOf(cause)) {
    case 'EADDRINUSE':
      return new EdgeError('port_in_use', `Cannot listen on port ${port}: another program or listener has it`, {
        cause,
        hint: 'choose another port, or end what listens there',
      });
    case 'EACCES':
      return new EdgeError('port_privileged', `Cannot listen on port ${port}: must be allowed by the system`, {
        cause,
        hint: 'choose a port from 1024 on and have this one forwarded to it, or allow it as docs/https.md says',
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return new EdgeError('host_not_here', `Cannot listen on "${host}": must be an address of this machine`, {
        cause,
        hint: '0.0.0.0 stands for every address it has',
      });
    default:
      return cause;
  }
}
