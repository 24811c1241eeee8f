import { textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { scopesIn } from './challenge.ts';
import type { OAuthClient } from './choose-client.ts';
import type { GuardedAnswer, GuardedAsk } from './guarded-ask.ts';

export type Tokens = {
  readonly access: string;
  readonly expiresAtMs?: number;
  readonly refresh?: string;
  /** Undefined where it says nothing: then those that were asked for. */
  readonly scopes?: readonly string[];
};

/** It said no, and will say so again: `invalid_grant` where a code or a refresh token is used up, over, or was taken back. */
export class TokenRefusal extends Error {
  readonly error: string;
  constructor(issuer: string, error: string) {
    super(`"${issuer}" refuses it (${error})`);
    this.error = error;
  }
}

type Endpoint = {
  readonly issuer: string;
  readonly url: URL;
  readonly client: OAuthClient;
  readonly ask: GuardedAsk;
};

/** What may stand in an `Authorization` header. */
const tokenText = /^[\x21-\x7e]{1,16384}$/;

/** A code for tokens (RFC 6749 4.1.3, RFC 7636, RFC 8707). Rejects with `TokenRefusal`, or because it cannot be asked. */
export function redeemCode(
  endpoint: Endpoint,
  {
    code,
    verifier,
    redirect,
    resource,
    nowMs,
  }: {
    readonly code: string;
    readonly verifier: string;
    readonly redirect: string;
    readonly resource: string;
    readonly nowMs: number;
  },
): Promise<Tokens> {
  return askForTokens(
    endpoint,
    { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirect, resource },
    nowMs,
  );
}

/** A refresh token for new tokens. A server that rotates them gives another; the one that was used is over then. */
export async function refreshTokens(
  endpoint: Endpoint,
  { refresh, resource, nowMs }: { readonly refresh: string; readonly resource: string; readonly nowMs: number },
): Promise<Tokens> {
  const tokens = await askForTokens(endpoint, { grant_type: 'refresh_token', refresh_token: refresh, resource }, nowMs);
  return { refresh, ...tokens };
}

/** RFC 7009. Whether it says that the token is over. */
export async function revokeToken(
  { client, ask }: Pick<Endpoint, 'client' | 'ask'>,
  { url, token, hint }: { readonly url: URL; readonly token: string; readonly hint: 'refresh_token' | 'access_token' },
): Promise<boolean> {
  const { status } = await post({ url, client, ask }, { token, token_type_hint: hint });
  return status === 200;
}

async function askForTokens(
  endpoint: Endpoint,
  fields: Readonly<Record<string, string>>,
  nowMs: number,
): Promise<Tokens> {
  const { status, body } = await post(endpoint, fields);
  if (status === 200 && body !== undefined) return tokensIn(body, endpoint.issuer, nowMs);
  const error = /^[\w-]{1,60}$/.exec(textOf(body?.['error']))?.[0];
  // What it says beside is anybody's text, and may hold what was sent.
  if (error !== undefined && status >= 400 && status < 500 && status !== 429)
    throw new TokenRefusal(endpoint.issuer, error);
  throw new Error(`"${endpoint.issuer}" gives no token now (${status})`);
}

function post(
  { url, client, ask }: Pick<Endpoint, 'url' | 'client' | 'ask'>,
  fields: Readonly<Record<string, string>>,
): Promise<GuardedAnswer> {
  const { id, secret = '', authMethod } = client;
  const form = new URLSearchParams(fields);
  if (authMethod === 'client_secret_basic')
    // RFC 6749 2.3.1: each part in the encoding of forms first.
    return ask({
      url,
      form,
      authorization: `Basic ${Buffer.from(`${formText(id)}:${formText(secret)}`).toString('base64')}`,
    });
  form.set('client_id', id);
  if (authMethod === 'client_secret_post') form.set('client_secret', secret);
  return ask({ url, form });
}

function formText(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

function tokensIn(body: JsonObject, issuer: string, nowMs: number): Tokens {
  const access = textOf(body['access_token']);
  if (!tokenText.test(access) || textOf(body['token_type']).toLowerCase() !== 'bearer')
    throw new Error(`"${issuer}" gave no bearer token`);
  const seconds = body['expires_in'];
  const refresh = textOf(body['refresh_token']);
  const scope = body['scope'];
  return {
    access,
    ...(typeof seconds === 'number' && seconds >= 0 && seconds < 1e9 ? { expiresAtMs: nowMs + seconds * 1000 } : {}),
    ...(tokenText.test(refresh) ? { refresh } : {}),
    ...(typeof scope === 'string' ? { scopes: scopesIn(scope) } : {}),
  };
}
