import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import * as openid from 'openid-client';
import { claimAt } from '../claims.ts';
import { signingKeyOf } from '../client-keys.ts';
import { ProviderError } from '../errors.ts';
import type { AskProvider } from '../outgoing/ask-provider.ts';
import { unreachable } from '../outgoing/ask-provider.ts';
import { acceptedAlgorithms, providerLimits, type OutsideAccount } from '../provider.ts';
import type { StoredProvider } from '../provider-store.ts';
import { discover, type Discovered } from './metadata.ts';

/** What is remembered from going to the provider until coming back; nobody but this server can read or make it. */
export type FlowSecrets = { readonly state: string; readonly nonce: string; readonly verifier: string };

/**
 * OpenID Connect with one provider: authorization code, always with PKCE (RFC 7636, S256), state, nonce, and the issuer that
 * answers (RFC 9207). Protocol by openid-client; signatures are checked here, against the keys of this provider alone.
 */
export type OidcClient = {
  /** Where the browser goes. Throws `provider_unreachable`, `provider_answer_refused`. */
  begin(provider: StoredProvider, redirectUri: string, secrets: FlowSecrets): Promise<URL>;
  /**
   * Who came back with `query`, the answer as it stood in the address. Throws `provider_declined`, `provider_answer_refused`,
   * `provider_unreachable`.
   */
  complete(
    provider: StoredProvider,
    answer: { readonly redirectUri: string; readonly query: string; readonly secrets: FlowSecrets },
  ): Promise<OutsideAccount>;
  /** Its metadata now, not as it is remembered. */
  look(provider: StoredProvider): Promise<Discovered>;
  /** As it is remembered, for an hour. */
  known(provider: StoredProvider): Promise<Discovered>;
  forget(providerId: string): void;
};

const knownMs = 3_600_000;
const failureMs = 5000;
const askMs = 10_000;

export function createOidcClient(needs: {
  readonly ask: AskProvider;
  readonly clock: Clock;
  readonly deadline: (ms: number) => AbortSignal;
}): OidcClient {
  const { ask, clock, deadline } = needs;
  const remembered = new Map<
    string,
    { readonly revision: number; readonly atMs: number; readonly found: Discovered }
  >();

  const failures = new Map<string, { readonly revision: number; readonly atMs: number; readonly error: unknown }>();
  const underWay = new Map<string, { readonly revision: number; readonly found: Promise<Discovered> }>();

  const look: OidcClient['look'] = async ({ id, revision, settings }) => {
    const found = await discover(needs, settings);
    remembered.set(id, { revision, atMs: clock.nowMs(), found });
    return found;
  };
  const known: OidcClient['known'] = async (provider) => {
    const held = remembered.get(provider.id);
    if (held?.revision === provider.revision && clock.nowMs() - held.atMs < knownMs) return held.found;
    const failed = failures.get(provider.id);
    // Whoever presses the button again and again has us ask a provider in trouble no more often than this.
    if (failed?.revision === provider.revision && clock.nowMs() - failed.atMs < failureMs) throw failed.error;
    const asked = underWay.get(provider.id);
    if (asked?.revision === provider.revision) return asked.found;
    const found = look(provider);
    underWay.set(provider.id, { revision: provider.revision, found });
    try {
      return await found;
    } catch (error) {
      failures.set(provider.id, { revision: provider.revision, atMs: clock.nowMs(), error });
      throw error;
    } finally {
      underWay.delete(provider.id);
    }
  };

  const configure = async (
    provider: StoredProvider,
    { metadata, hosts }: Discovered,
  ): Promise<openid.Configuration> => {
    const { settings } = provider;
    const client: Partial<openid.ClientMetadata> = {
      [openid.clockSkew]: Math.round((clock.nowMs() - Date.now()) / 1000),
      [openid.clockTolerance]: providerLimits.clockToleranceSeconds,
    };
    const configuration = new openid.Configuration(
      { ...metadata, id_token_signing_alg_values_supported: algorithmsOf(metadata) },
      settings.clientId,
      client,
      await authenticationOf(provider, metadata),
    );
    configuration.timeout = askMs / 1000;
    const rules = {
      hosts,
      allowsPrivateAddresses: settings.allowsPrivateAddresses,
      authorityPem: settings.authorityPem,
    };
    // oxlint-disable-next-line typescript/no-deprecated -- called deprecated so that it stands out: for providers of one's own network alone
    if (settings.allowsPrivateAddresses) openid.allowInsecureRequests(configuration);
    configuration[openid.customFetch] = async (url, { method, headers, body, signal }) => {
      const text = textIn(body);
      const reply = await ask(rules, {
        method,
        url,
        headers,
        signal: signal ?? deadline(askMs),
        ...(text === undefined ? {} : { body: text }),
      });
      const isEmpty = reply.status === 204 || reply.status === 304 || reply.body.length === 0;
      return new Response(isEmpty ? null : new Uint8Array(reply.body), {
        status: reply.status,
        headers: reply.headers,
      });
    };
    return configuration;
  };

  return {
    look,
    known,
    forget(id) {
      remembered.delete(id);
      failures.delete(id);
    },

    async begin(provider, redirectUri, { state, nonce, verifier }) {
      const { settings } = provider;
      const configuration = await configure(provider, await known(provider));
      return openid.buildAuthorizationUrl(configuration, {
        response_type: 'code',
        redirect_uri: redirectUri,
        scope: ['openid', ...settings.scopes.filter((scope) => scope !== 'openid')].join(' '),
        state,
        nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...(settings.maxAgeSeconds === undefined ? {} : { max_age: String(settings.maxAgeSeconds) }),
        ...(settings.acrValues === undefined ? {} : { acr_values: settings.acrValues }),
        ...(settings.prompt === undefined ? {} : { prompt: settings.prompt }),
      });
    },

    async complete(provider, { redirectUri, query, secrets }) {
      const { settings } = provider;
      const discovered = await known(provider);
      const configuration = await configure(provider, discovered);
      const url = new URL(redirectUri);
      url.search = query;
      const { maxAgeSeconds } = settings;
      try {
        const tokens = await openid.authorizationCodeGrant(configuration, url, {
          expectedState: secrets.state,
          expectedNonce: secrets.nonce,
          pkceCodeVerifier: secrets.verifier,
          idTokenExpected: true,
          ...(maxAgeSeconds === undefined ? {} : { maxAge: maxAgeSeconds }),
        });
        const signed = parseJson(await discovered.keys.verify(tokens.id_token ?? ''));
        if (!isJsonObject(signed)) throw refused('its ID token says nothing');
        const claims = await withUserInfo({ configuration, discovered, provider }, signed, tokens.access_token);
        return accountOf(settings.issuer, claims);
      } catch (error) {
        throw inOwnWords(error);
      }
    },
  };
}

/** Of those it says it uses, the ones we believe. */
function algorithmsOf({ id_token_signing_alg_values_supported: told }: openid.ServerMetadata): string[] {
  return acceptedAlgorithms.filter((algorithm) => !Array.isArray(told) || told.includes(algorithm));
}

/** As the metadata allows: a secret in the header unless the provider wants it in the body. */
async function authenticationOf(
  { settings, credentials }: StoredProvider,
  metadata: openid.ServerMetadata,
): Promise<openid.ClientAuth> {
  if (settings.clientAuthentication === 'private-key') {
    const [newest] = credentials.keys;
    if (newest === undefined) throw new TypeError('Cannot sign for the provider: there is no key');
    return openid.PrivateKeyJwt(await signingKeyOf(newest));
  }
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const secret = credentials.secret ?? '';
  return methods.includes('client_secret_basic') || !methods.includes('client_secret_post')
    ? openid.ClientSecretBasic(secret)
    : openid.ClientSecretPost(secret);
}

/** Where the claims the settings ask for do not stand in the ID token, those of the userinfo endpoint are added; none is replaced. */
async function withUserInfo(
  parts: {
    readonly configuration: openid.Configuration;
    readonly discovered: Discovered;
    readonly provider: StoredProvider;
  },
  claims: JsonObject,
  accessToken: string,
): Promise<JsonObject> {
  const { configuration, discovered, provider } = parts;
  const { nameClaim = 'preferred_username', groupsClaim, requiredClaims } = provider.settings;
  const wanted = [
    nameClaim,
    ...(groupsClaim === undefined ? [] : [groupsClaim]),
    ...requiredClaims.map((one) => one.claim),
  ];
  const subject = claims['sub'];
  const isWhole = wanted.every((name) => claimAt(claims, name) !== undefined);
  if (isWhole || discovered.metadata.userinfo_endpoint === undefined || typeof subject !== 'string') return claims;
  const told = parseJson(JSON.stringify(await openid.fetchUserInfo(configuration, accessToken, subject)));
  return isJsonObject(told) ? { ...told, ...claims } : claims;
}

function accountOf(issuer: string, claims: JsonObject): OutsideAccount {
  const { sub, sid } = claims;
  if (typeof sub !== 'string' || sub === '' || sub.length > 255) throw refused('its ID token names nobody');
  return { issuer, subject: sub, claims, sessionId: typeof sid === 'string' && sid.length <= 255 ? sid : undefined };
}

/** What the protocol library refuses, in words that hold nothing of what the provider sent. */
function inOwnWords(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof openid.AuthorizationResponseError) {
    const said = /^[a-z_]{1,40}$/.test(error.error) ? error.error : 'an error';
    return new ProviderError('provider_declined', `Cannot sign in: the provider answered ${said}`, { cause: error });
  }
  if (error instanceof openid.ResponseBodyError) {
    const said = /^[a-z_]{1,40}$/.test(error.error) ? error.error : 'an error';
    const hint = said === 'invalid_client' ? 'is the client secret, or the key, the one the provider has?' : undefined;
    return new ProviderError('provider_answer_refused', `Cannot redeem the code: the provider answered ${said}`, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  const inner = error instanceof Error ? error.cause : undefined;
  if (inner instanceof ProviderError) return inner;
  if (inner instanceof Error && inner.cause instanceof ProviderError) return inner.cause;
  if (error instanceof Error && 'code' in error && (error.code === 'OAUTH_TIMEOUT' || error.code === 'OAUTH_ABORT'))
    return unreachable('no answer in time', error);
  const why = error instanceof openid.ClientError ? wordsOf(error) : 'it is not what was asked for';
  return refused(why, error);
}

function wordsOf({ code, cause, message }: openid.ClientError): string {
  const inner = cause instanceof Error ? cause.message : message;
  const claim = /"(iss|aud|exp|nbf|iat|nonce|azp|auth_time|state|sub|alg)"/.exec(inner)?.[1];
  if (claim !== undefined) return `its "${claim}" is not the one expected`;
  return code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED'
    ? 'it is expired or not yet valid'
    : 'it is not what was asked for';
}

function refused(why: string, cause?: unknown): ProviderError {
  return new ProviderError('provider_answer_refused', `Cannot accept what the provider answered: ${why}`, { cause });
}

/** The library asks with forms alone. */
function textIn(body: openid.FetchBody): string | undefined {
  if (body === null || body === undefined) return undefined;
  if (typeof body === 'string') return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError('Cannot send this body to a provider: must be a form or text');
}
