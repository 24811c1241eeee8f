import { createHash, timingSafeEqual } from 'node:crypto';

/** 64 bits: ids name things and protect nothing. */
export function newId(random: (length: number) => Uint8Array): string {
  return Buffer.from(random(8)).toString('hex');
}

/** 256 bits nobody guesses, after a prefix by which scanners find what leaked. */
export function newSecretText(prefix: string, random: (length: number) => Uint8Array): string {
  return prefix + Buffer.from(random(32)).toString('base64url');
}

/** What is kept of a token, code or secret. There is nothing to guess in 256 random bits, so one SHA-256 is enough. */
export function hashOf(
  purpose: 'token' | 'device code' | 'user code' | 'client secret' | 'assertion',
  text: string,
): string {
  return createHash('sha256').update(`sallyport ${purpose}\0`).update(text).digest('hex');
}

/** Takes the same time wherever two hashes of `hashOf` differ. */
export function isSameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, 'hex'), Buffer.from(other, 'hex')];
  return a.length === b.length && timingSafeEqual(a, b);
}
