// A real OpenID provider (oidc-provider) on a loopback address, and what a dishonest or broken one would answer in its place.
import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { SignJWT, exportJWK } from 'jose';
import { Provider } from 'oidc-provider';
import type { ClientMetadata, Configuration } from 'oidc-provider';
import { freePort } from './free-port.ts';

/** What it does wrong, until it is told to do right again. */
export type Misbehaviour =
  | 'wrong-nonce'
  | 'no-nonce'
  | 'wrong-issuer'
  | 'wrong-audience'
  | 'expired'
  | 'unsigned'
  | 'public-key-as-secret'
  | 'foreign-key'
  /** In the answer that the browser brings back. */
  | 'answer-without-state'
  | 'answer-of-another-issuer'
  | 'answer-without-issuer';

export type OpenIdAccount = { readonly sub: string } & Readonly<Record<string, unknown>>;

export type OpenIdProvider = AsyncDisposable & {
  readonly issuer: string;
  /** The one client it knows, and where it may be sent back to. */
  register(client: Partial<ClientMetadata> & { readonly redirect_uris: string[] }): void;
  /** Who comes next is this one, without being asked. */
  signInAs(account: OpenIdAccount): void;
  misbehave(how: Misbehaviour | undefined): void;
  /** New keys in place of those it had. */
  rotateKeys(): Promise<void>;
  /** What it has issued last, as it left it. */
  lastIdToken(): string;
  /** Tells the client that the session of its last ID token is over, as when somebody signs out there. The status it got. */
  signOut(): Promise<number>;
  /** A token signed with its own key. */
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>;
  /** What was asked of it, in order: method and path. */
  readonly requests: readonly string[];
  /** Every answer is this one, until told otherwise. */
  answerInstead(listener: RequestListener | undefined): void;
  /** As a browser that is signed in there: from the address it is sent to until it is sent back; the address it comes back with. */
  walk(url: string): Promise<URL>;
};

type Keys = { readonly privateKey: KeyObject; readonly publicKey: KeyObject; readonly kid: string };

export const openIdClientId = 'sallyport';
export const openIdClientSecret = 'a secret of the tests, long enough for anybody';

export async function startOpenIdProvider(options: { readonly port?: number } = {}): Promise<OpenIdProvider> {
  const port = options.port ?? (await freePort());
  const issuer = `http://127.0.0.1:${port}`;
  const cookieKey = randomBytes(16).toString('hex');
  const requests: string[] = [];
  let keys = makeKeys();
  let account: OpenIdAccount = { sub: 'somebody' };
  let client: ClientMetadata = { client_id: openIdClientId, redirect_uris: ['http://127.0.0.1/unset'] };
  let wrong: Misbehaviour | undefined;
  let instead: RequestListener | undefined;
  let lastIdToken = '';
  let provider: Provider;
  let answer: RequestListener;

  const build = async (): Promise<void> => {
    const configuration = await configurationOf({ client, keys, cookieKey, accountOf: () => account });
    provider = quietly(() => new Provider(issuer, configuration));
    const callback = provider.callback();
    answer = (request, response) => void callback(request, response);
  };
  await build();
  let building = Promise.resolve();
  const rebuild = (): void => {
    building = building.then(build);
  };

  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', issuer).pathname;
    requests.push(`${request.method ?? ''} ${path}`);
    if (instead !== undefined) return instead(request, response);
    void building.then(() => {
      if (path === '/token') changeToken(response);
      if (path.startsWith('/auth')) changeAnswer(response);
      return path.startsWith('/interaction/') ? goOn(request, response) : answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));

  /** Whoever comes is signed in and agrees. */
  async function goOn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { grantId, params, session } = await provider.interactionDetails(request, response);
    const accountId = account.sub;
    const held =
      grantId === undefined || session?.accountId !== accountId ? undefined : await provider.Grant.find(grantId);
    const grant = held ?? new provider.Grant({ accountId, clientId: String(params['client_id']) });
    grant.addOIDCScope(String(params['scope']));
    const result = { login: { accountId }, consent: { grantId: await grant.save() } };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }

  function changeToken(response: ServerResponse): void {
    onEnd(response, async (body) => {
      const told: unknown = JSON.parse(body);
      if (typeof told !== 'object' || told === null || !('id_token' in told)) return body;
      lastIdToken = await wrongToken(String(told.id_token), { wrong, keys });
      return JSON.stringify({ ...told, id_token: lastIdToken });
    });
  }

  function changeAnswer(response: ServerResponse): void {
    onEnd(response, async (body) => {
      const location = response.getHeader('location');
      if (typeof location !== 'string' || !location.startsWith(client.redirect_uris?.[0] ?? 'never')) return body;
      const url = new URL(location);
      if (wrong === 'answer-without-state') url.searchParams.delete('state');
      if (wrong === 'answer-without-issuer') url.searchParams.delete('iss');
      if (wrong === 'answer-of-another-issuer') url.searchParams.set('iss', 'https://another.example');
      response.setHeader('location', url.href);
      return body;
    });
  }

  return {
    issuer,
    requests,
    register(given) {
      client = { client_id: openIdClientId, client_secret: openIdClientSecret, ...given };
      rebuild();
    },
    signInAs: (given) => void (account = given),
    misbehave: (how) => void (wrong = how),
    answerInstead: (listener) => void (instead = listener),
    lastIdToken: () => lastIdToken,
    async rotateKeys() {
      keys = makeKeys();
      rebuild();
      await building;
    },
    async signOut() {
      await building;
      const uri = client.backchannel_logout_uri;
      if (uri === undefined) throw new Error('Cannot tell anybody: the client has no address for it');
      const { sub, sid } = payloadOf(lastIdToken);
      const found = await provider.Client.find(openIdClientId);
      if (found === undefined || !('backchannelLogout' in found) || typeof found.backchannelLogout !== 'function')
        throw new Error('Cannot tell anybody: the provider has forgotten how');
      try {
        await Reflect.apply(found.backchannelLogout, found, [sub, sid]);
        return 200;
      } catch (error) {
        const refused = error instanceof Error && 'response' in error ? error.response : undefined;
        if (refused instanceof Response) return refused.status;
        throw error;
      }
    },
    sign: (claims) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: keys.kid, typ: 'logout+jwt' })
        .sign(keys.privateKey),
    walk: (url) => walk(url, issuer),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function configurationOf(parts: {
  readonly client: ClientMetadata;
  readonly keys: Keys;
  readonly cookieKey: string;
  readonly accountOf: () => OpenIdAccount;
}): Promise<Configuration> {
  const { client, keys, cookieKey, accountOf } = parts;
  const jwk = { ...(await exportJWK(keys.privateKey)), kid: keys.kid, use: 'sig', alg: 'RS256' };
  return {
    clients: [client],
    jwks: { keys: [jwk] },
    cookies: { keys: [cookieKey] },
    pkce: { required: () => true },
    claims: {
      openid: ['sub', 'sid'],
      profile: ['preferred_username', 'name', 'groups', 'hd'],
      email: ['email', 'email_verified'],
    },
    // As most do: in the ID token, and not at the userinfo endpoint alone.
    conformIdTokenClaims: false,
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      userinfo: { enabled: true },
    },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    findAccount: async (_ctx, id) => ({ accountId: id, claims: async () => ({ ...accountOf(), sub: id }) }),
    // Its own refuses to speak to this machine.
    fetch(url, { method = 'GET', headers = {}, body = null, redirect = 'manual' } = {}) {
      return globalThis.fetch(url, { method, headers, body, redirect });
    },
    enabledJWA: { clientAuthSigningAlgValues: ['ES256', 'RS256'] },
    renderError: async (ctx, out) => {
      ctx.type = 'text/plain';
      ctx.body = `${out.error}: ${out.error_description ?? ''}`;
    },
    ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Grant: 3600, Interaction: 600, Session: 3600 },
  };
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

function makeKeys(): Keys {
  return { ...generateKeyPairSync('rsa', { modulusLength: 2048 }), kid: randomBytes(4).toString('hex') };
}

/** The token in its place that is wrong in exactly one way. */
async function wrongToken(
  token: string,
  { wrong, keys }: { readonly wrong: Misbehaviour | undefined; readonly keys: Keys },
): Promise<string> {
  const claims = payloadOf(token);
  const signed = (changed: Readonly<Record<string, unknown>>, key: KeyObject = keys.privateKey): Promise<string> =>
    new SignJWT({ ...changed }).setProtectedHeader({ alg: 'RS256', kid: keys.kid }).sign(key);
  const hour = 3600;
  switch (wrong) {
    case 'wrong-nonce':
      return signed({ ...claims, nonce: 'another' });
    case 'no-nonce':
      return signed({ ...claims, nonce: undefined });
    case 'wrong-issuer':
      return signed({ ...claims, iss: 'https://another.example' });
    case 'wrong-audience':
      return signed({ ...claims, aud: 'another-client' });
    case 'expired':
      return signed({ ...claims, iat: Number(claims['iat']) - hour, exp: Number(claims['exp']) - hour });
    case 'foreign-key':
      return signed(claims, makeKeys().privateKey);
    case 'unsigned':
      return `${encode({ alg: 'none' })}.${encode(claims)}.`;
    case 'public-key-as-secret': {
      const head = `${encode({ alg: 'HS256', kid: keys.kid })}.${encode(claims)}`;
      const secret = keys.publicKey.export({ type: 'spki', format: 'pem' });
      return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`;
    }
    default:
      return token;
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function payloadOf(token: string): Readonly<Record<string, unknown>> {
  const parsed: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
}

/** What would be sent, changed on its way. */
function onEnd(response: ServerResponse, change: (body: string) => Promise<string>): void {
  const end = response.end.bind(response);
  response.end = (chunk?: unknown) => {
    void change(typeof chunk === 'string' || Buffer.isBuffer(chunk) ? String(chunk) : '').then((body) => {
      if (!response.headersSent) response.setHeader('content-length', Buffer.byteLength(body));
      end(body);
    });
    return response;
  };
}

const maxSteps = 12;

async function walk(from: string, issuer: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = new URL(from);
  for (let step = 0; step < maxSteps; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`The provider stopped with ${response.status}: ${await response.text()}`);
    url = new URL(location, url);
    if (url.origin !== issuer) return url;
  }
  throw new Error('The provider sends in circles');
}
