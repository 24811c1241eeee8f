import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { Presented } from '@sallyport/platform/http';

/** The request as it came; its host name is one of ours by then, except on the operator's socket. */
export function describePresented(
  request: FastifyRequest,
  edge: { readonly isOperator: boolean; readonly secure: boolean; readonly tell: Presented['tell'] },
): Presented {
  const { authorization = '' } = request.headers;
  const host = edge.isOperator ? 'localhost' : (request.headers.host ?? 'localhost');
  const url = new URL(`${edge.secure ? 'https' : 'http'}://${host}`);
  const [path = '/'] = (request.raw.url ?? '/').split(/[?#]/, 1);
  const { socket } = request.raw;
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.raw : undefined;
  return {
    scheme: /^dpop +/i.test(authorization) ? 'dpop' : 'bearer',
    address: request.ip ?? '',
    method: request.method,
    url: `${url.origin}${path}`,
    proofs: request.raw.headersDistinct['dpop'] ?? [],
    ...(certificate === undefined ? {} : { certificate }),
    tell: edge.tell,
  };
}
