import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * What is stored of a key. A slow hash (argon2id) protects secrets people choose, by making each guess expensive. A key's
 * secret is 256 random bits: there is nothing to guess, so one SHA-256 is as strong, and a request costs a microsecond
 * instead of 50 ms that an attacker could make us spend.
 */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update('sallyport api key\0').update(token).digest();
}

/** Takes the same time wherever the two differ. */
export function matchesHash(token: string, hash: Uint8Array): boolean {
  const own = hashToken(token);
  return own.length === hash.length && timingSafeEqual(own, hash);
}
