import { createHash } from 'node:crypto';
import type { AuthorizationServer } from './discover.ts';

/** What a sign-in that is going on remembers, to tell its answer from any other. */
export type AuthorizationRequest = {
  /** Where the person's browser goes. */
  readonly url: URL;
  readonly state: string;
  readonly verifier: string;
  readonly redirect: string;
};

/** RFC 6749 4.1.1 with PKCE (RFC 7636) and the server the token is for (RFC 8707). `newText`: 32 random bytes, base64url. */
export function authorizationRequest({
  server,
  clientId,
  redirect,
  resource,
  scopes,
  newText,
}: {
  readonly server: AuthorizationServer;
  readonly clientId: string;
  readonly redirect: string;
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly newText: () => string;
}): AuthorizationRequest {
  const state = newText();
  const verifier = newText();
  const url = new URL(server.authorizationEndpoint);
  const fields = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirect,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    resource,
    // OpenID Connect: without it many give no refresh token although they were asked for one.
    ...(scopes.includes('offline_access') ? { prompt: 'consent' } : {}),
  };
  // Whatever stands in the address already, ours is said once and alone.
  for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value);
  url.searchParams.delete('scope');
  if (scopes.length > 0) url.searchParams.set('scope', scopes.join(' '));
  return { url, state, verifier, redirect };
}

/**
 * Where the browser is sent back to: a path of its own for each issuer, so that an answer one of them was lured to give arrives nowhere
 * when another is being signed in to.
 */
export function callbackPath(issuer: string): string {
  return `/callback/${createHash('sha256').update(issuer).digest('hex').slice(0, 16)}`;
}

/** Whether this is the answer to that request: its state, exactly, and nothing twice. */
export function isAnswerTo(answer: URLSearchParams, { state }: Pick<AuthorizationRequest, 'state'>): boolean {
  const names = [...answer.keys()];
  return answer.get('state') === state && new Set(names).size === names.length;
}

/** The code in an answer to our request. Throws where it comes from another issuer (RFC 9207), which then says nothing more. */
export function codeIn(answer: URLSearchParams, { issuer, saysIssuer }: AuthorizationServer): string {
  const said = answer.get('iss');
  if (said === null ? saysIssuer : said !== issuer)
    throw new Error(
      `the answer ${said === null ? 'does not name its issuer' : 'is of another issuer'}, must be of "${issuer}": nothing was sent to anybody`,
    );
  const error = answer.get('error');
  if (error !== null)
    throw new Error(`"${issuer}" refused the sign-in${/^[\w-]{1,60}$/.test(error) ? ` (${error})` : ''}`);
  const code = answer.get('code') ?? '';
  if (/^[\x20-\x7e]{1,4096}$/.test(code)) return code;
  throw new Error(`"${issuer}" sent no code`);
}
