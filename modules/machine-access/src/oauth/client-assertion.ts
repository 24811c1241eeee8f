import { decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import type { JWK, JWTPayload } from 'jose';
import type { Credential } from '../accounts/account.ts';

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const longestMs = 5 * 60_000;
const toleranceSeconds = 30;
const maxAssertionLength = 8192;

export type AssertionAnswer =
  | {
      readonly credential: Credential & { readonly kind: 'public-key' };
      readonly jti: string;
      readonly expiresAtMs: number;
    }
  | { readonly refused: string };

/** Who an assertion says it is from: to look for their keys, and for nothing else, since nobody has checked it yet. */
export function issuerOf(assertion: string): string | undefined {
  if (assertion.length > maxAssertionLength) return undefined;
  try {
    const { iss } = decodeJwt(assertion);
    return typeof iss === 'string' ? iss.slice(0, 100) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * RFC 7523 section 3. Keys and algorithms are those registered for the account alone: what the header says of keys (`jwk`, `jku`,
 * `x5u`, `x5c`) is not looked at, and `kid` only chooses among them. The audience is one of ours and nobody else's besides.
 */
export async function checkAssertion(
  assertion: string,
  about: {
    readonly clientId: string;
    readonly keys: readonly (Credential & { readonly kind: 'public-key' })[];
    readonly audiences: readonly string[];
    readonly nowMs: number;
  },
): Promise<AssertionAnswer> {
  if (assertion.length > maxAssertionLength) return { refused: 'assertion_malformed' };
  let header;
  try {
    header = decodeProtectedHeader(assertion);
  } catch {
    return { refused: 'assertion_malformed' };
  }
  const { kid, alg } = header;
  const candidates = about.keys.filter(
    ({ jwk, thumbprint, algorithm }) =>
      isAlgorithm(alg, algorithm) && (kid === undefined || kid === jwk.kid || kid === thumbprint),
  );
  for (const credential of candidates) {
    const claims = await verify(assertion, credential.jwk, String(alg), about.nowMs);
    if (claims === undefined) continue;
    const read = readClaims(claims, about);
    return 'refused' in read ? read : { credential, ...read };
  }
  return { refused: about.keys.length === 0 ? 'assertion_no_key' : 'assertion_signature' };
}

/** `Ed25519` is the newer name of `EdDSA` with that curve (RFC 9864). */
function isAlgorithm(alg: unknown, wanted: string): boolean {
  return alg === wanted || (wanted === 'EdDSA' && alg === 'Ed25519');
}

async function verify(assertion: string, jwk: JWK, alg: string, nowMs: number): Promise<JWTPayload | undefined> {
  try {
    const key = await importJWK(jwk, alg);
    const options = { algorithms: [alg], clockTolerance: toleranceSeconds, currentDate: new Date(nowMs) };
    return (await jwtVerify(assertion, key, options)).payload;
  } catch {
    return undefined;
  }
}

function readClaims(
  { iss, sub, aud, exp, jti }: JWTPayload,
  about: { readonly clientId: string; readonly audiences: readonly string[]; readonly nowMs: number },
): { readonly jti: string; readonly expiresAtMs: number } | { readonly refused: string } {
  if (iss !== about.clientId || sub !== about.clientId) return { refused: 'assertion_subject' };
  const [audience, ...others] = typeof aud === 'string' ? [aud] : (aud ?? []);
  // One that is also meant for somebody else could have been taken there.
  if (audience === undefined || others.length > 0 || !about.audiences.includes(audience))
    return { refused: 'assertion_audience' };
  if (exp === undefined || exp * 1000 > about.nowMs + longestMs + toleranceSeconds * 1000)
    return { refused: 'assertion_time' };
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) return { refused: 'assertion_id' };
  return { jti, expiresAtMs: exp * 1000 + toleranceSeconds * 1000 };
}
