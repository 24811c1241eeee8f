// Stands in for `node:crypto` in the modules the verifier is made of: SHA-256 and Ed25519, from @noble.
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { Buffer } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { toLatin1 } from './text-encodings.ts';

export function hash(algorithm: 'sha256', input: Uint8Array, encoding: 'buffer'): Bytes;
export function hash(algorithm: 'sha256', input: Uint8Array, encoding: 'binary'): string;
export function hash(_algorithm: 'sha256', input: Uint8Array, encoding: 'buffer' | 'binary'): Bytes | string {
  const digest = sha256(input);
  return encoding === 'binary' ? toLatin1(digest) : Buffer.from(digest);
}

export type KeyObject = { readonly type: 'public' | 'private'; readonly publicKey: Uint8Array };

export function createPublicKey(source: { readonly key: { readonly x: string } }): KeyObject {
  return { type: 'public', publicKey: Buffer.from(source.key.x, 'base64url') };
}

/** RFC 8032 without the laxness of ZIP 215, as OpenSSL verifies. */
export function verify(_algorithm: null, message: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, key.publicKey, { zip215: false });
  } catch {
    return false;
  }
}

/** A browser only verifies. */
export function sign(): never {
  throw new TypeError('Cannot sign in a browser');
}
