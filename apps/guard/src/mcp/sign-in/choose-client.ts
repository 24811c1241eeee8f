import { textOf } from '@sallyport/contracts';
import { clientAuthMethods, type AuthorizationServer, type ClientAuthMethod } from './discover.ts';
import type { GuardedAsk } from './guarded-ask.ts';

/** Who we are to one authorization server, and to no other. */
export type OAuthClient = {
  readonly how: 'given' | 'document' | 'registered';
  readonly id: string;
  readonly secret?: string;
  readonly authMethod: ClientAuthMethod;
  /** The addresses it may be sent back to; of a registered one. */
  readonly redirect?: string;
};

/** What whoever signs in says of it. */
export type GivenClient = { readonly id?: string; readonly secret?: string; readonly document?: string };

const visible = /^[\x20-\x7e]{1,2000}$/;

/**
 * The client somebody named, else one by a document of their own, else the one registered before, else one registered now (RFC 7591): the
 * order of MCP. `kept` must be of this very authorization server.
 */
export async function chooseClient({
  server,
  given,
  kept,
  redirect,
  scopes,
  added,
  ask,
}: {
  readonly server: AuthorizationServer;
  readonly given: GivenClient;
  readonly kept: OAuthClient | undefined;
  readonly redirect: string;
  readonly scopes: readonly string[];
  /** Those it did not ask for before. */
  readonly added: readonly string[];
  readonly ask: GuardedAsk;
}): Promise<OAuthClient> {
  if (given.id !== undefined) {
    if (!visible.test(given.id)) throw new Error('the id of the client must be 1 to 2000 visible characters');
    return { how: 'given', id: given.id, ...withSecret(given.secret, server) };
  }
  if (given.document !== undefined) {
    const url = URL.canParse(given.document) ? new URL(given.document) : undefined;
    if (url?.protocol !== 'https:' || url.pathname === '/' || url.hash !== '' || url.username !== '')
      throw new Error('--client-document must be an https address with a path');
    if (server.takesClientDocuments) return { how: 'document', id: given.document, authMethod: 'none' };
  }
  // One that registered is held to what it registered for.
  const isFit = kept?.how !== 'registered' || (kept.redirect === redirect && added.length === 0);
  if (kept !== undefined && isFit) return kept;
  if (server.registrationEndpoint !== undefined)
    return register({ server, endpoint: server.registrationEndpoint, redirect, scopes, ask });
  throw new Error(
    `"${server.issuer}" registers nobody by itself${given.document === undefined && server.takesClientDocuments ? ' but takes --client-document' : ''}: register a client there with the redirect address ${redirect}, and name it with --client-id (and --client-secret-file)`,
  );
}

function withSecret(
  secret: string | undefined,
  { authMethods, issuer }: AuthorizationServer,
): { readonly secret?: string; readonly authMethod: ClientAuthMethod } {
  if (secret === undefined) return { authMethod: 'none' };
  if (!visible.test(secret)) throw new Error('the secret of the client must be 1 to 2000 visible characters');
  const authMethod = authMethods.find((method) => method !== 'none');
  if (authMethod === undefined) throw new Error(`"${issuer}" takes no secret in a way the gateway has`);
  return { secret, authMethod };
}

async function register({
  server,
  endpoint,
  redirect,
  scopes,
  ask,
}: {
  readonly server: AuthorizationServer;
  readonly endpoint: URL;
  readonly redirect: string;
  readonly scopes: readonly string[];
  readonly ask: GuardedAsk;
}): Promise<OAuthClient> {
  const wanted = server.authMethods[0];
  if (wanted === undefined) throw new Error(`"${server.issuer}" knows clients in no way the gateway has`);
  const { status, body } = await ask({
    url: endpoint,
    json: {
      client_name: 'Sallyport MCP gateway',
      redirect_uris: [redirect],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: wanted,
      application_type: 'native',
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    },
  });
  const id = textOf(body?.['client_id']);
  if ((status !== 201 && status !== 200) || !visible.test(id)) {
    const error = /^[\w-]{1,60}$/.exec(textOf(body?.['error']))?.[0];
    throw new Error(
      `"${server.issuer}" does not register us (${status}${error === undefined ? '' : `, ${error}`}): register a client there with the redirect address ${redirect}, and name it with --client-id`,
    );
  }
  const secret = textOf(body?.['client_secret']);
  const said = body?.['token_endpoint_auth_method'];
  const authMethod = clientAuthMethods.find((method) => method === (said ?? wanted));
  if (authMethod === undefined || (authMethod !== 'none' && !visible.test(secret)))
    throw new Error(`"${server.issuer}" registered us in a way the gateway does not have`);
  return { how: 'registered', id, ...(authMethod === 'none' ? {} : { secret }), authMethod, redirect };
}
