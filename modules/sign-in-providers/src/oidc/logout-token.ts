import { isJsonObject, parseJson } from '@sallyport/contracts';
import { ProviderError } from '../errors.ts';
import type { KeySet } from '../outgoing/key-set.ts';
import { providerLimits } from '../provider.ts';

/** Who signed out there: one session, or everything of one account. */
export type LogoutNotice = {
  readonly subject: string | undefined;
  readonly sessionId: string | undefined;
  readonly tokenId: string;
  /** After this it is refused for its age. */
  readonly goodUntilMs: number;
};

const eventName = 'http://schemas.openid.net/event/backchannel-logout';
/** Of a token without `exp`, and the most one may have. */
const maxAgeMs = 5 * 60_000;
const maxIdLength = 255;

/** OpenID Connect Back-Channel Logout 1.0, section 2.6. That it was used before is for whoever calls to tell. Throws `logout_token_refused`. */
export async function verifyLogoutToken(
  token: string,
  expected: { readonly keys: KeySet; readonly issuer: string; readonly clientId: string; readonly nowMs: number },
): Promise<LogoutNotice> {
  const { keys, issuer, clientId, nowMs } = expected;
  let text: string;
  try {
    text = await keys.verify(token);
  } catch (error) {
    // Whether the keys can be had is worth trying again; a wrong signature is not.
    if (error instanceof ProviderError && error.code === 'provider_unreachable') throw error;
    throw refused('it is not signed by the provider', error);
  }
  const claims = read(text);
  const { iss, aud, iat, exp, jti, sub, sid, events, nonce } = claims;
  if (iss !== issuer) throw refused('its "iss" is another');
  if (aud !== clientId && !(Array.isArray(aud) && aud.includes(clientId))) throw refused('its "aud" is another');
  if (nonce !== undefined) throw refused('it has a "nonce", as an ID token would');
  const event = isJsonObject(events) ? events[eventName] : undefined;
  if (!isJsonObject(event)) throw refused('its "events" do not say that somebody signed out');
  if (typeof jti !== 'string' || jti === '' || jti.length > maxIdLength) throw refused('it has no "jti"');
  const toleranceMs = providerLimits.clockToleranceSeconds * 1000;
  if (typeof iat !== 'number' || iat * 1000 > nowMs + toleranceMs || iat * 1000 < nowMs - maxAgeMs - toleranceMs)
    throw refused('its "iat" is too long ago, or to come');
  if (exp !== undefined && (typeof exp !== 'number' || exp * 1000 <= nowMs - toleranceMs))
    throw refused('it is expired');
  const subject = textIn(sub, 'sub');
  const sessionId = textIn(sid, 'sid');
  if (subject === undefined && sessionId === undefined) throw refused('it names neither a "sub" nor a "sid"');
  return { subject, sessionId, tokenId: jti, goodUntilMs: iat * 1000 + maxAgeMs + toleranceMs };
}

function read(text: string): Readonly<Record<string, unknown>> {
  let claims: unknown;
  try {
    claims = parseJson(text);
  } catch {
    claims = undefined;
  }
  if (isJsonObject(claims)) return claims;
  throw refused('it says nothing');
}

function textIn(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value !== '' && value.length <= maxIdLength) return value;
  throw refused(`its "${name}" is no text`);
}

function refused(why: string, cause?: unknown): ProviderError {
  return new ProviderError('logout_token_refused', `Cannot accept the logout token: ${why}`, { cause });
}
