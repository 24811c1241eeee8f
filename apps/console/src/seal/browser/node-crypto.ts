// Stands in for `node:crypto` in the modules the verifier is made of: SHA-256, Ed25519 and ML-DSA-44, from @noble.
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { ml_dsa44 as mlDsa44 } from '@noble/post-quantum/ml-dsa.js';
import { Buffer } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { toLatin1 } from './text-encodings.ts';

export function hash(algorithm: 'sha256', input: Uint8Array, encoding: 'buffer'): Bytes;
export function hash(algorithm: 'sha256', input: Uint8Array, encoding: 'binary'): string;
export function hash(_algorithm: 'sha256', input: Uint8Array, encoding: 'buffer' | 'binary'): Bytes | string {
  const digest = sha256(input);
  return encoding === 'binary' ? toLatin1(digest) : Buffer.from(digest);
}

export type KeyObject = {
  readonly type: 'public' | 'private';
  readonly algorithm: 'Ed25519' | 'ML-DSA-44';
  readonly publicKey: Uint8Array;
};

/** From the JSON web keys the verifier makes: RFC 8037, and draft-ietf-cose-dilithium for ML-DSA. */
export function createPublicKey(source: {
  readonly key: { readonly x: string } | { readonly alg: 'ML-DSA-44'; readonly pub: string };
}): KeyObject {
  const { key } = source;
  return 'pub' in key
    ? { type: 'public', algorithm: 'ML-DSA-44', publicKey: Buffer.from(key.pub, 'base64url') }
    : { type: 'public', algorithm: 'Ed25519', publicKey: Buffer.from(key.x, 'base64url') };
}

/** RFC 8032 without the laxness of ZIP 215, as OpenSSL verifies; FIPS 204 with an empty context. */
export function verify(_algorithm: null, message: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  try {
    if (key.algorithm === 'ML-DSA-44') return mlDsa44.verify(signature, message, key.publicKey);
    return ed25519.verify(signature, message, key.publicKey, { zip215: false });
  } catch {
    return false;
  }
}

/** A browser only verifies. */
export function sign(): never {
  throw new TypeError('Cannot sign in a browser');
}
