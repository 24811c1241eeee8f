import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { Client } from '@sallyport/platform/http';
import { IdentityError } from '../errors.ts';
import type { Challenges } from '../factors/challenges.ts';

/** The public half of the key that a browser made for this server alone and cannot export: ECDSA on P-256. */
export type BrowserKey = { readonly x: string; readonly y: string; readonly thumbprint: string };

/** A request that a session's key signs. */
export type SignedRequest = {
  readonly sessionId: string;
  readonly method: string;
  /** As the browser sees us. */
  readonly origin: string;
  /** With its query, as it was sent. */
  readonly path: string;
};

/**
 * Proofs by browsers' keys (decision 0057): signed statements (JWS, RFC 7515) over a challenge of ours, for one purpose, good
 * once and for five minutes by our clock alone. One that shows a key carries it; one for a request names session, method,
 * path with query and what the body must be, and is checked with the key the session is bound to, never with one it brings.
 */
export type BrowserKeys = {
  /** For a browser that is about to sign in. Costs us nothing. */
  challenge(): string;
  /**
   * The key that `client` shows, in the transaction that begins something with it; undefined when it shows none. Throws
   * `key_proof_refused`.
   */
  verify(where: Database | Transaction, client: Pick<Client, 'origin' | 'keyProof'>): Promise<BrowserKey | undefined>;
  /** The same, without using it up: whose key is shown there, for what is decided or told before anything begins. Never throws. */
  peek(client: Pick<Client, 'origin' | 'keyProof'>): Promise<string | undefined>;
  /** For one request of one session. */
  requestChallenge(request: SignedRequest): string;
  /** `expired` for what was right once: too late, or used before. */
  verifyRequest(
    where: Database | Transaction,
    key: BrowserKey,
    request: SignedRequest,
    proof: string,
  ): Promise<JudgedProof>;
};

export type JudgedProof =
  /** It holds for a body of this digest alone: the caller must compare. */
  { readonly kind: 'proved'; readonly digest: string } | { readonly kind: 'expired' } | { readonly kind: 'wrong' };

const proofType = 'sallyport-key+jwt';
const algorithm = 'ES256';
const maxProofLength = 4096;
/** Bytes of a coordinate in base64url (RFC 7518 section 6.2.1.2). */
const coordinate = /^[\w-]{43}$/;
/** SHA-256 in base64url. */
const digestFormat = /^[\w-]{43}$/;

export function createBrowserKeys(needs: { readonly challenges: Challenges }): BrowserKeys {
  const { challenges } = needs;
  const ownerOf = ({ sessionId, method, path }: SignedRequest): string => `${sessionId}\n${method}\n${path}`;

  /** What was rightly shown, whether or not it was shown before. */
  const shownBy = async ({
    origin,
    keyProof,
  }: Pick<Client, 'origin' | 'keyProof'>): Promise<
    { readonly key: BrowserKey; readonly nonce: string } | undefined
  > => {
    const key = keyProof === undefined ? undefined : await shownKey(keyProof);
    const said = keyProof === undefined || key === undefined ? undefined : await statementOf(keyProof, key);
    const nonce = said?.get('nonce');
    if (key === undefined || said?.get('aud') !== origin || said.get('htm') !== undefined) return undefined;
    return typeof nonce === 'string' && challenges.check(nonce, 'browser-key') ? { key, nonce } : undefined;
  };

  return {
    challenge: () => challenges.issue('browser-key'),

    peek: async (client) => (await shownBy(client))?.key.thumbprint,

    async verify(where, client) {
      if (client.keyProof === undefined) return undefined;
      const shown = await shownBy(client);
      if (shown === undefined || !(await challenges.take(where, shown.nonce)))
        throw new IdentityError('key_proof_refused', 'Cannot accept the key of this browser: its proof is not right', {
          hint: 'try again; another challenge is asked for then',
        });
      return shown.key;
    },

    requestChallenge: (request) => challenges.issue('browser-key', ownerOf(request)),

    async verifyRequest(where, key, request, proof) {
      const said = await statementOf(proof, key);
      if (said === undefined) return { kind: 'wrong' };
      const { sessionId, method, origin, path } = request;
      const isMeant =
        said.get('aud') === origin &&
        said.get('sid') === sessionId &&
        said.get('htm') === method &&
        said.get('htu') === path;
      const digest = said.get('digest');
      if (!isMeant || typeof digest !== 'string' || !digestFormat.test(digest)) return { kind: 'wrong' };
      const nonce = said.get('nonce');
      if (typeof nonce !== 'string' || !challenges.check(nonce, 'browser-key', ownerOf(request)))
        return { kind: 'expired' };
      return (await challenges.take(where, nonce)) ? { kind: 'proved', digest } : { kind: 'expired' };
    },
  };
}

/** The key that a proof carries in its header; undefined when it is none, or none of the one kind there is. */
async function shownKey(proof: string): Promise<BrowserKey | undefined> {
  if (proof.length > maxProofLength) return undefined;
  try {
    const { jwk } = decodeProtectedHeader(proof);
    if (jwk?.kty !== 'EC' || jwk.crv !== 'P-256' || 'd' in jwk) return undefined;
    const { x = '', y = '' } = jwk;
    if (!coordinate.test(x) || !coordinate.test(y)) return undefined;
    return { x, y, thumbprint: await calculateJwkThumbprint({ kty: 'EC', crv: 'P-256', x, y }, 'sha256') };
  } catch {
    return undefined;
  }
}

/** What was signed with this key; undefined when it was not, or is no statement of this kind. */
async function statementOf(proof: string, { x, y }: BrowserKey): Promise<ReadonlyMap<string, unknown> | undefined> {
  if (proof.length > maxProofLength) return undefined;
  try {
    const key = await importJWK({ kty: 'EC', crv: 'P-256', x, y }, algorithm);
    const { payload, protectedHeader } = await compactVerify(proof, key, { algorithms: [algorithm] });
    if (protectedHeader.typ !== proofType) return undefined;
    const said: unknown = JSON.parse(new TextDecoder().decode(payload));
    return typeof said === 'object' && said !== null ? new Map(Object.entries(said)) : undefined;
  } catch {
    // Whatever is wrong with it: it proves nothing.
    return undefined;
  }
}
