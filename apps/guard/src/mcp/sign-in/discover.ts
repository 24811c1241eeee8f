import { textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { scopesIn, type BearerChallenge } from './challenge.ts';
import { askableUrl, type GuardedAsk, type Reach } from './guarded-ask.ts';
import { isRecordable } from './sign-in-events.ts';

/** Ways a client shows who it is at the token endpoint, those we can. */
export const clientAuthMethods = ['none', 'client_secret_basic', 'client_secret_post'] as const;
export type ClientAuthMethod = (typeof clientAuthMethods)[number];

/** Who gives out tokens, by its metadata (RFC 8414, OpenID Connect Discovery 1.0), which name the issuer they were asked of. */
export type AuthorizationServer = {
  readonly issuer: string;
  readonly authorizationEndpoint: URL;
  readonly tokenEndpoint: URL;
  readonly registrationEndpoint?: URL;
  readonly revocationEndpoint?: URL;
  readonly scopes: readonly string[];
  readonly authMethods: readonly ClientAuthMethod[];
  /** Knows clients by the address of a document that says who they are. */
  readonly takesClientDocuments: boolean;
  /** Names itself in its answers (RFC 9207): one without is refused. */
  readonly saysIssuer: boolean;
};

/** For what a token is, and who may give one out. */
export type ProtectedResource = {
  /** As it names itself: the `resource` of RFC 8707. */
  readonly resource: string;
  readonly issuers: readonly string[];
  /** The scopes it wants at least; undefined where it does not say. */
  readonly scopes?: readonly string[];
};

const maxIssuers = 10;

/**
 * What an MCP server says of itself (RFC 9728), where its challenge says that it stands, else at its well-known places. Where there is
 * nothing, it is its own authorization server, as in 2025-03-26. Rejects where the metadata are of another server: a token for that one
 * would be given to this one.
 */
export async function findResource({
  server,
  challenge,
  ask,
  from,
}: {
  readonly server: URL;
  readonly challenge: BearerChallenge | undefined;
  readonly ask: GuardedAsk;
  readonly from: Reach;
}): Promise<ProtectedResource> {
  const named = challenge?.metadata;
  const places =
    named === undefined
      ? [
          ...new Set([
            wellKnown(server, 'oauth-protected-resource'),
            `${server.origin}/.well-known/oauth-protected-resource`,
          ]),
        ]
      : [named];
  for (const place of places) {
    const url = askableUrl(place, { what: 'Metadata', from });
    const { status, body } = await ask({ url });
    if (status === 200 && body !== undefined) return resourceIn(body, { server, url, from });
    if (named !== undefined)
      throw new Error(`the metadata at "${url.origin}${url.pathname}" cannot be read (${status})`);
  }
  return { resource: identifierOf(server), issuers: [server.origin] };
}

function resourceIn(
  body: JsonObject,
  { server, url, from }: { readonly server: URL; readonly url: URL; readonly from: Reach },
): ProtectedResource {
  const resource = textOf(body['resource']);
  if (!isOf(resource, { server, url }))
    throw new Error(
      `the metadata at "${url.origin}${url.pathname}" are of ${JSON.stringify(resource.slice(0, 200))}, must be of "${identifierOf(server)}"`,
    );
  const issuers = textsOf(body['authorization_servers']).slice(0, maxIssuers);
  for (const issuer of issuers) askableUrl(issuer, { what: 'Issuer', from });
  if (issuers.length === 0)
    throw new Error(`the metadata at "${url.origin}${url.pathname}" name nobody who gives out tokens`);
  const scopes = body['scopes_supported'];
  return { resource, issuers, ...(scopes === undefined ? {} : { scopes: scopesIn(textsOf(scopes).join(' ')) }) };
}

/**
 * It is this server; or what stands above it at the same origin, told at the well-known place of that: who holds only a part of an origin
 * cannot speak for the whole, and would be given tokens that are good for its neighbours.
 */
function isOf(resource: string, { server, url }: { readonly server: URL; readonly url: URL }): boolean {
  if (!URL.canParse(resource)) return false;
  const named = new URL(resource);
  if (named.hash !== '' || named.username !== '' || named.password !== '') return false;
  if (named.href === withoutHash(server).href) return true;
  const above = named.pathname.endsWith('/') ? named.pathname : `${named.pathname}/`;
  return (
    named.origin === server.origin &&
    named.search === '' &&
    server.pathname.startsWith(above) &&
    url.href === wellKnown(named, 'oauth-protected-resource')
  );
}

/** How a server is named where it does not say so itself: without a slash at the end of a bare origin. */
function identifierOf(server: URL): string {
  const { href } = withoutHash(server);
  return server.pathname === '/' && server.search === '' ? server.origin : href;
}

function withoutHash(url: URL): URL {
  const bare = new URL(url);
  bare.hash = '';
  return bare;
}

/** RFC 8414 3.1, RFC 9728 3.1: between the host and the path. */
function wellKnown(url: URL, suffix: string): string {
  const path = url.pathname.replace(/\/$/, '');
  return `${url.origin}/.well-known/${suffix}${path}${url.search}`;
}

/**
 * Whoever has this issuer identifier, by the metadata at its well-known places, in the order of MCP. Rejects where none names exactly this
 * issuer, and where it has no PKCE with S256.
 */
export async function findAuthorizationServer({
  issuer,
  ask,
  from,
}: {
  readonly issuer: string;
  readonly ask: GuardedAsk;
  readonly from: Reach;
}): Promise<AuthorizationServer> {
  const url = askableUrl(issuer, { what: 'Issuer', from });
  // What could not be put on record is not signed in to.
  if (url.search !== '' || issuer.length > 900 || !isRecordable(issuer))
    throw new Error(
      `issuer ${JSON.stringify(issuer.slice(0, 200))} must be shorter, in plain letters, without a query or a fragment`,
    );
  const path = url.pathname.replace(/\/$/, '');
  const places = [
    `${url.origin}/.well-known/oauth-authorization-server${path}`,
    `${url.origin}/.well-known/openid-configuration${path}`,
    ...(path === '' ? [] : [`${url.origin}${path}/.well-known/openid-configuration`]),
  ];
  let other: string | undefined;
  for (const place of places) {
    const { status, body } = await ask({ url: new URL(place) });
    if (status !== 200 || body === undefined) continue;
    if (body['issuer'] === issuer) return serverIn(body, { issuer, from });
    other = JSON.stringify(body['issuer'] ?? null).slice(0, 200);
  }
  throw new Error(
    other === undefined
      ? `"${issuer}" says nothing of itself (${places.map((place) => new URL(place).pathname).join(', ')})`
      : `the metadata of "${issuer}" are those of ${other}, must name exactly the issuer they were asked of`,
  );
}

function serverIn(
  body: JsonObject,
  { issuer, from }: { readonly issuer: string; readonly from: Reach },
): AuthorizationServer {
  const endpoint = (name: string): URL => askableUrl(textOf(body[name]), { what: name, from });
  const optional = (name: string): URL | undefined => (body[name] === undefined ? undefined : endpoint(name));
  const says = (name: string, value: string): boolean =>
    body[name] === undefined || textsOf(body[name]).includes(value);
  if (!textsOf(body['code_challenge_methods_supported']).includes('S256'))
    throw new Error(`"${issuer}" does not say that it has PKCE with S256, without which a stolen code is a token`);
  if (!says('response_types_supported', 'code') || !says('grant_types_supported', 'authorization_code'))
    throw new Error(`"${issuer}" gives out no authorization codes`);
  const registrationEndpoint = optional('registration_endpoint');
  const revocationEndpoint = optional('revocation_endpoint');
  const listed = body['token_endpoint_auth_methods_supported'];
  // RFC 8414: who says nothing takes a secret as Basic.
  const methods = listed === undefined ? ['client_secret_basic', 'none'] : textsOf(listed);
  return {
    issuer,
    authorizationEndpoint: endpoint('authorization_endpoint'),
    tokenEndpoint: endpoint('token_endpoint'),
    ...(registrationEndpoint === undefined ? {} : { registrationEndpoint }),
    ...(revocationEndpoint === undefined ? {} : { revocationEndpoint }),
    scopes: scopesIn(textsOf(body['scopes_supported']).join(' ')),
    authMethods: clientAuthMethods.filter((method) => methods.includes(method)),
    takesClientDocuments: body['client_id_metadata_document_supported'] === true,
    saysIssuer: body['authorization_response_iss_parameter_supported'] === true,
  };
}
