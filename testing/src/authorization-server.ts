// A real OAuth 2.1 authorization server (oidc-provider) on a loopback address, as remote MCP servers name one: public clients that register
// themselves, PKCE, resource indicators, refresh tokens that rotate, revocation.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Provider } from 'oidc-provider';
import type { ClientMetadata } from 'oidc-provider';
import { freePort } from './free-port.ts';

/** What a token is good for. */
export type TokenFacts = { readonly resource: string; readonly scopes: readonly string[]; readonly expiresAt: number };

export type TestAuthorizationServer = AsyncDisposable & {
  readonly issuer: string;
  /** What was asked of it, in order: method and path. */
  readonly requests: readonly string[];
  /** Bodies of requests for tokens, in order. */
  readonly forms: readonly URLSearchParams[];
  factsOf(token: string): Promise<TokenFacts | undefined>;
  /** All tokens given out until now are over, but not what renews them. */
  endAccess(): void;
  /** Every answer is this one, until told otherwise. Undefined of what it gives back: as usual. */
  answerInstead(listener: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined): void;
  /** As a browser of somebody who agrees to everything: the address it is sent back to in the end. */
  walk(url: URL): Promise<URL>;
};

const maxSteps = 12;
/** Asked for, and never given. */
const withheld = 'notes:withheld';

export async function startAuthorizationServer({
  clients = [],
  scopes = ['notes:read', 'notes:write', withheld],
}: {
  readonly clients?: readonly ClientMetadata[];
  readonly scopes?: readonly string[];
} = {}): Promise<TestAuthorizationServer> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const requests: string[] = [];
  const forms: URLSearchParams[] = [];
  const over = new Set<string>();
  const given = new Set<string>();
  let instead: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  const provider = quietly(
    () =>
      new Provider(issuer, {
        clients: [...clients],
        scopes: ['openid', 'offline_access', ...scopes],
        cookies: { keys: [randomBytes(16).toString('hex')] },
        pkce: { required: () => true },
        clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
        rotateRefreshToken: true,
        issueRefreshToken: async () => true,
        features: {
          devInteractions: { enabled: false },
          registration: { enabled: true },
          revocation: { enabled: true, allowedPolicy: async () => true },
          resourceIndicators: {
            enabled: true,
            useGrantedResource: async () => true,
            getResourceServerInfo: async (_ctx, resource) => ({
              scope: scopes.join(' '),
              audience: resource,
              accessTokenTTL: 600,
              accessTokenFormat: 'opaque',
            }),
          },
        },
        interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
        findAccount: async (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
        ttl: {
          AccessToken: 600,
          AuthorizationCode: 60,
          Grant: 3600,
          Interaction: 600,
          RefreshToken: 3600,
          Session: 3600,
        },
      }),
  );
  const callback = provider.callback();
  const answer: RequestListener = (request, response) => void callback(request, response);
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', issuer);
    requests.push(`${request.method ?? ''} ${pathname}`);
    if (instead?.(request, response) === true) return;
    if (pathname === '/token') noteToken(request, response);
    void (pathname.startsWith('/interaction/') ? goOn(request, response) : answer(request, response));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));

  function noteToken(request: IncomingMessage, response: ServerResponse): void {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => forms.push(new URLSearchParams(body)));
    const end = response.end.bind(response);
    response.end = (chunk?: unknown) => {
      const token = /"access_token":"([^"]+)"/.exec(String(chunk))?.[1];
      if (token !== undefined) given.add(token);
      end(chunk);
      return response;
    };
  }

  async function goOn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { params } = await provider.interactionDetails(request, response);
    const grant = new provider.Grant({ accountId: 'somebody', clientId: String(params['client_id']) });
    const asked = String(params['scope'] ?? '');
    grant.addOIDCScope(asked);
    if (typeof params['resource'] === 'string') {
      grant.addResourceScope(params['resource'], asked);
      grant.rejectResourceScope(params['resource'], withheld);
    }
    const result = { login: { accountId: 'somebody' }, consent: { grantId: await grant.save() } };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }

  return {
    issuer,
    requests,
    forms,
    async factsOf(token) {
      const found = over.has(token) ? undefined : await provider.AccessToken.find(token);
      if (found === undefined || found.isExpired) return undefined;
      const resource = Array.isArray(found.aud) ? found.aud.join(' ') : (found.aud ?? '');
      return { resource, scopes: [...found.scopes], expiresAt: found.exp ?? 0 };
    },
    endAccess() {
      for (const token of given) over.add(token);
    },
    answerInstead: (listener) => void (instead = listener),
    walk: (url) => walk(url, issuer),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function walk(from: URL, issuer: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = from;
  for (let step = 0; step < maxSteps; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`The server stopped with ${response.status}: ${await response.text()}`);
    url = new URL(location, url);
    if (url.origin !== issuer) return url;
  }
  throw new Error('The server sends in circles');
}

/** Its warnings are for whoever runs it in earnest. */
function quietly<Made>(make: () => Made): Made {
  const { warn, info } = console;
  const nothing = (): void => undefined;
  Object.assign(console, { warn: nothing, info: nothing });
  try {
    return make();
  } finally {
    Object.assign(console, { warn, info });
  }
}
