// ML-DSA-44 (FIPS 204) with an empty context. Node has it from version 24 on; browsers and older versions have not.
import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export const ML_DSA_44_SIGNATURE_BYTES = 2420;

/** Whether this runtime knows ML-DSA-44; every 1312 bytes are a public key of it. */
export function canVerifyMlDsa44(publicKey: Uint8Array): boolean {
  return importKey(publicKey) !== undefined;
}

/** False for anything malformed, and where the runtime does not know the algorithm. */
export function verifyMlDsa44(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = importKey(publicKey);
  return key !== undefined && signature.length === ML_DSA_44_SIGNATURE_BYTES && verify(null, message, key, signature);
}

function importKey(publicKey: Uint8Array): KeyObject | undefined {
  try {
    const pub = Buffer.from(publicKey).toString('base64url');
    return createPublicKey({ key: { kty: 'AKP', alg: 'ML-DSA-44', pub }, format: 'jwk' });
  } catch {
    return undefined;
  }
}
