import type { FastifyRequest } from 'fastify';
import type { Client } from '@sallyport/platform/http';
import { clientAddress, isLoopback } from './client-address.ts';

const maxAgentLength = 200;
const maxProofLength = 2048;

/** One machine that reaches itself under its network address: both ends are the same. */
function connectsToItself({ raw: { socket } }: FastifyRequest): boolean {
  return socket.remoteAddress !== undefined && socket.remoteAddress === socket.localAddress;
}

/** What the browser calls itself; untrusted. */
export function clientAgent(request: FastifyRequest): string {
  return (request.headers['user-agent'] ?? '').replaceAll(/\p{C}/gu, '').slice(0, maxAgentLength);
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

/**
 * The names of `url` and of the public origin that lead here and nowhere else: on another port somebody else may listen under our
 * name, and a name of loopback leads to each machine's own.
 */
function namesOfOurs(
  url: URL,
  at: { readonly port: number | undefined; readonly isLocal: boolean; readonly publicOrigin: string | undefined },
): string[] {
  const shared = at.publicOrigin === undefined ? undefined : new URL(at.publicOrigin);
  const ports = [at.port, ...(shared === undefined ? [] : [portOf(shared)])];
  const names = [...(ports.includes(portOf(url)) ? [url] : []), ...(shared === undefined ? [] : [shared])]
    .map(({ hostname, port }) => ({ name: hostname.replace(/\.$/, ''), port }))
    .filter(({ name }) => at.isLocal || !isLoopback(name.replaceAll(/[[\]]/g, '')))
    .map(({ name, port }) => (port === '' ? name : `${name}:${port}`));
  return [...new Set(names)];
}

/** The other end of an admitted request; its host name is one of ours by then, except on the operator's socket. */
export function describeClient(
  request: FastifyRequest,
  edge: { readonly isOperator: boolean; readonly secure: boolean; readonly publicOrigin: string | undefined },
): Client {
  const address = clientAddress(request.ip);
  const host = edge.isOperator ? 'localhost' : (request.headers.host ?? 'localhost').toLowerCase();
  const { 'x-sallyport-key': keyProof } = request.headers;
  const url = new URL(`${edge.secure ? 'https' : 'http'}://${host}`);
  const isLocal = edge.isOperator || isLoopback(address) || connectsToItself(request);
  const port = edge.isOperator ? undefined : request.raw.socket.localPort;
  return {
    address,
    isLocal,
    agent: clientAgent(request),
    origin: url.origin,
    hostName: url.hostname,
    linkOrigin: edge.publicOrigin ?? url.origin,
    reachedAs: namesOfOurs(url, { port, isLocal, publicOrigin: edge.publicOrigin }),
    ...(typeof keyProof === 'string' && keyProof.length <= maxProofLength ? { keyProof } : {}),
    ...(request.headers['x-sallyport-end-oldest'] === '1' ? { endsOldest: true } : {}),
  };
}
