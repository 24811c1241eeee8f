// Whoever a remote MCP server, or one it names, may turn out to be: every answer is made up.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export type CrookedWeb = {
  readonly origin: string;
  readonly url: URL;
  /** Method and address of each request, in order. */
  readonly requests: string[];
  /** What it says at a path, in place of the honest answer. */
  readonly says: Map<string, (request: IncomingMessage, response: ServerResponse) => void>;
  json(path: string, body: object, status?: number): void;
  close(): void;
};

/** A server with everything right: an MCP server at /mcp that is its own authorization server. To be bent by `says` and `json`. */
export async function startCrookedWeb(): Promise<CrookedWeb> {
  const requests: string[] = [];
  const says: CrookedWeb['says'] = new Map();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    requests.push(`${request.method ?? ''} ${path}`);
    const answer = says.get(path);
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('The server has no address');
  const origin = `http://127.0.0.1:${bound.port}`;
  const web: CrookedWeb = {
    origin,
    url: new URL('/mcp', origin),
    requests,
    says,
    json: (path, body, status = 200) =>
      void says.set(path, (_request, response) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      ),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  says.set('/mcp', (_request, response) => response.writeHead(401, { 'www-authenticate': 'Bearer scope="a"' }).end());
  web.json('/.well-known/oauth-protected-resource/mcp', {
    resource: `${origin}/mcp`,
    authorization_servers: [origin],
  });
  web.json('/.well-known/oauth-authorization-server', honestMetadata(origin));
  web.json('/register', { client_id: 'made-up' }, 201);
  web.json('/token', { access_token: 'an-access-token', token_type: 'Bearer', expires_in: 60 });
  return web;
}

export function honestMetadata(origin: string): Record<string, unknown> {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
  };
}
