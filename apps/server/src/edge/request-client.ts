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

/** The other end of an admitted request; its host name is one of ours by then, except on the operator's socket. */
export function describeClient(
  request: FastifyRequest,
  edge: { readonly isOperator: boolean; readonly secure: boolean; readonly publicOrigin: string | undefined },
): Client {
  const address = clientAddress(request.ip);
  const host = edge.isOperator ? 'localhost' : (request.headers.host ?? 'localhost').toLowerCase();
  const { 'x-sallyport-key': keyProof } = request.headers;
  const url = new URL(`${edge.secure ? 'https' : 'http'}://${host}`);
  return {
    address,
    isLocal: edge.isOperator || isLoopback(address) || connectsToItself(request),
    agent: clientAgent(request),
    origin: url.origin,
    hostName: url.hostname,
    linkOrigin: edge.publicOrigin ?? url.origin,
    ...(typeof keyProof === 'string' && keyProof.length <= maxProofLength ? { keyProof } : {}),
    ...(request.headers['x-sallyport-end-oldest'] === '1' ? { endsOldest: true } : {}),
  };
}
