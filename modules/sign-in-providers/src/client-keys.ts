import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import type { webcrypto } from 'node:crypto';
import { parseJson, isJsonObject } from '@sallyport/contracts';
import { exportJWK } from 'jose';
import type { ClientKey } from './provider.ts';

/** A key of ours for one provider (RFC 7523): P-256, of which the provider learns the public half alone. */
export async function makeClientKey(needs: {
  readonly nowMs: number;
  readonly random: (length: number) => Uint8Array;
}): Promise<ClientKey> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const id = Buffer.from(needs.random(8)).toString('hex');
  const jwk = parseJson(JSON.stringify(await exportJWK(publicKey)));
  if (!isJsonObject(jwk)) throw new TypeError('Cannot make a key: it has no public half');
  return {
    id,
    algorithm: 'ES256',
    createdAtMs: needs.nowMs,
    publicJwk: { ...jwk, kid: id, alg: 'ES256', use: 'sig' },
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** As the protocol library wants it: not extractable, to sign with alone. */
export async function signingKeyOf({ id, privatePem }: ClientKey): Promise<{ key: webcrypto.CryptoKey; kid: string }> {
  const der = createPrivateKey(privatePem).export({ type: 'pkcs8', format: 'der' });
  const key = await crypto.subtle.importKey('pkcs8', der, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  return { key, kid: id };
}
