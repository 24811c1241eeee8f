import { nodeHttp } from '@sallyport/platform/node-http';
import { once } from 'node:events';
import { codeOf } from '@sallyport/platform/errors';
import { CertificateError } from '../errors.ts';

export type HttpChallenge = {
  readonly port: number;
  offer(name: string, token: string, keyAuthorization: string): void;
  close(): Promise<void>;
};

const pathPrefix = '/.well-known/acme-challenge/';

/**
 * Answers the one question of `http-01` (RFC 8555 section 8.3), for the names and tokens offered, and nothing else: every
 * other method, host or path gets an empty 404. Throws `challenge_port_in_use`, `challenge_port_privileged`.
 */
export async function openHttpChallenge(where: {
  readonly host: string;
  readonly port: number;
}): Promise<HttpChallenge> {
  const offered = new Map<string, string>();
  const server = nodeHttp.createServer(
    { maxHeaderSize: 8192, headersTimeout: 5000, requestTimeout: 5000, keepAliveTimeout: 1, requireHostHeader: false },
    (request, response) => {
      const name = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
      const answer = request.method === 'GET' ? offered.get(`${name} ${request.url ?? ''}`) : undefined;
      response.setHeader('connection', 'close');
      response.setHeader('x-content-type-options', 'nosniff');
      if (answer === undefined) response.writeHead(404).end();
      else response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(answer);
    },
  );
  server.maxConnections = 50;
  server.listen(where);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw portError(cause, where.port);
  }
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : where.port,
    offer: (name, token, keyAuthorization) => void offered.set(`${name} ${pathPrefix}${token}`, keyAuthorization),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function portError(cause: unknown, port: number): CertificateError {
  const code = codeOf(cause) ?? 'unknown';
  if (code === 'EACCES') {
    return new CertificateError(
      'challenge_port_privileged',
      `Cannot open port ${port} for the challenge: must be allowed`,
      {
        cause,
        hint: 'use a port from 1024 on and have port 80 forwarded to it, or allow it as docs/https.md says',
      },
    );
  }
  return new CertificateError('challenge_port_in_use', `Cannot open port ${port} for the challenge: ${code}`, {
    cause,
    hint: 'another program has it: choose another port and have port 80 forwarded to it, or use tls-alpn-01',
  });
}
