import { createHash, createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';

/** A P-256 key that signs this program's requests (RFC 9449): its tokens are of no use to who has not got it. */
export type DpopKey = {
  /** As it is kept, private half included. */
  readonly jwk: JsonWebKey;
  /** RFC 7638 */
  readonly thumbprint: string;
  proof(request: {
    readonly method: string;
    readonly url: string;
    readonly nonce: string | undefined;
    readonly accessToken?: string;
    readonly nowMs: number;
  }): string;
};

export function newDpopKey(): DpopKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return readDpopKey(privateKey.export({ format: 'jwk' }));
}

/** Throws when it is no such key. */
export function readDpopKey(jwk: JsonWebKey): DpopKey {
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  const { crv, kty, x, y } = jwk;
  const publicJwk = { crv, kty, x, y };
  return {
    jwk,
    thumbprint: createHash('sha256').update(JSON.stringify(publicJwk)).digest('base64url'),
    proof({ method, url, nonce, accessToken, nowMs }) {
      const ath = accessToken === undefined ? undefined : createHash('sha256').update(accessToken).digest('base64url');
      const header = { alg: 'ES256', typ: 'dpop+jwt', jwk: publicJwk };
      const claims = { jti: randomUUID(), htm: method, htu: url, iat: Math.floor(nowMs / 1000), nonce, ath };
      const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
      const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
      return `${signed}.${signature.toString('base64url')}`;
    },
  };
}
