import { createHash, timingSafeEqual } from 'node:crypto';
import { isJsonObject } from '@sallyport/contracts';
import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import type { JWK, JWTPayload } from 'jose';
import type { Presented } from '@sallyport/platform/http';
import type { DpopNonces } from './dpop-nonces.ts';
import type { SeenProofs } from './seen-proofs.ts';

/** Signatures with a public key only: what is symmetric, or none, could be made by whoever reads the proof. */
export const proofAlgorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256', 'PS384', 'PS512', 'RS256'];

export type ProofRefusal = {
  readonly refused:
    | 'dpop_missing'
    | 'dpop_twice'
    | 'dpop_malformed'
    | 'dpop_algorithm'
    | 'dpop_key'
    | 'dpop_signature'
    | 'dpop_method'
    | 'dpop_address'
    | 'dpop_time'
    | 'dpop_nonce'
    | 'dpop_token'
    | 'dpop_replayed'
    | 'dpop_busy';
};

export type CheckedProof = {
  /** Of the key it was made with (RFC 7638). */
  readonly thumbprint: string;
  /** Uses it up, once what it came with was found good: a proof alone must not fill our memory. */
  spend(): { readonly ok: true } | ProofRefusal;
};

/** How far a client's clock may be off; how fresh a proof is, its nonce says. */
const toleranceSeconds = 300;
const maxProofLength = 4096;
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

export type DpopProofs = {
  /**
   * Checks the proof of a request as RFC 9449 section 4.3 has it; `accessToken` is the token it must be made for. A nonce of
   * ours is asked for in every proof, and told when there is a newer one.
   */
  check(presented: Presented, accessToken?: string): Promise<CheckedProof | ProofRefusal>;
};

export function createDpopProofs(needs: {
  readonly nowMs: () => number;
  readonly nonces: DpopNonces;
  readonly seen: SeenProofs;
}): DpopProofs {
  const { nonces, seen } = needs;

  const checkClaims = (
    claims: JWTPayload,
    presented: Presented,
    accessToken: string | undefined,
  ): ProofRefusal['refused'] | undefined => {
    const { jti, iat, htm, htu, ath, nonce } = claims;
    if (typeof jti !== 'string' || jti === '' || jti.length > 256 || typeof iat !== 'number') return 'dpop_malformed';
    if (htm !== presented.method) return 'dpop_method';
    if (typeof htu !== 'string' || addressOf(htu) === undefined || addressOf(htu) !== addressOf(presented.url))
      return 'dpop_address';
    if (Math.abs(iat - needs.nowMs() / 1000) > toleranceSeconds) return 'dpop_time';
    if (accessToken !== undefined && !isHashOf(ath, accessToken)) return 'dpop_token';
    const found = typeof nonce === 'string' ? nonces.check(nonce) : 'bad';
    if (found !== 'good') presented.tell('dpop-nonce', nonces.current());
    return found === 'bad' ? 'dpop_nonce' : undefined;
  };

  return {
    async check(presented, accessToken) {
      const [proof, ...more] = presented.proofs;
      if (proof === undefined) return { refused: 'dpop_missing' };
      if (more.length > 0) return { refused: 'dpop_twice' };
      if (proof.length > maxProofLength) return { refused: 'dpop_malformed' };
      const jwk = readHeader(proof);
      if ('refused' in jwk) return jwk;
      let claims: JWTPayload;
      try {
        const key = await importJWK(jwk.jwk, jwk.alg);
        // Times are checked below: a proof need not say when it ends.
        ({ payload: claims } = await jwtVerify(proof, key, {
          typ: 'dpop+jwt',
          algorithms: [jwk.alg],
          clockTolerance: toleranceSeconds,
          currentDate: new Date(needs.nowMs()),
        }));
      } catch {
        return { refused: 'dpop_signature' };
      }
      const refused = checkClaims(claims, presented, accessToken);
      if (refused !== undefined) return { refused };
      const thumbprint = await calculateJwkThumbprint(jwk.jwk);
      const { jti = '' } = claims;
      return {
        thumbprint,
        spend() {
          const first = seen.use(thumbprint, jti);
          if (first === 'full') return { refused: 'dpop_busy' };
          return first ? { ok: true } : { refused: 'dpop_replayed' };
        },
      };
    },
  };
}

function readHeader(proof: string): { readonly jwk: JWK; readonly alg: string } | ProofRefusal {
  let header: unknown;
  try {
    header = decodeProtectedHeader(proof);
  } catch {
    return { refused: 'dpop_malformed' };
  }
  if (typeof header !== 'object' || header === null) return { refused: 'dpop_malformed' };
  const { alg, typ, jwk }: { alg?: unknown; typ?: unknown; jwk?: unknown } = header;
  if (typ !== 'dpop+jwt') return { refused: 'dpop_malformed' };
  if (typeof alg !== 'string' || !proofAlgorithms.includes(alg)) return { refused: 'dpop_algorithm' };
  return isPublicKey(jwk) ? { jwk, alg } : { refused: 'dpop_key' };
}

/** A public key of a kind we know: one that shows its private half is known to others, and a symmetric one to everybody. */
export function isPublicKey(value: unknown): value is JWK {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const members = new Map<string, unknown>(Object.entries(value));
  const kind = members.get('kty');
  if (kind !== 'EC' && kind !== 'OKP' && kind !== 'RSA') return false;
  return privateMembers.every((name) => !members.has(name)) && isJsonObject(value);
}

/** Scheme, host, port and path; undefined for what is no address of a server (RFC 9449 section 4.3, RFC 3986 section 6.2). */
function addressOf(text: string): string | undefined {
  if (text.length > 2048 || !URL.canParse(text)) return undefined;
  const { protocol, origin, pathname, username, password } = new URL(text);
  if ((protocol !== 'https:' && protocol !== 'http:') || username !== '' || password !== '') return undefined;
  return `${origin}${pathname}`;
}

function isHashOf(ath: unknown, accessToken: string): boolean {
  if (typeof ath !== 'string') return false;
  const wanted = createHash('sha256').update(accessToken).digest();
  const shown = Buffer.from(ath, 'base64url');
  return shown.length === wanted.length && timingSafeEqual(shown, wanted);
}
