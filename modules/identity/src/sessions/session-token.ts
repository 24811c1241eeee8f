import { createHash } from 'node:crypto';

const tokenBytes = 32;

export function newToken(random: (length: number) => Uint8Array): string {
  return Buffer.from(random(tokenBytes)).toString('base64url');
}

/** A token is 256 random bits: there is nothing to guess, so one SHA-256 is enough. */
export function hashOf(token: string): string {
  return createHash('sha256').update('sallyport session\0').update(token).digest('hex');
}
