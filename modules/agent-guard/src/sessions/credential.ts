import { createHash } from 'node:crypto';

/** Credentials say by their beginning what they are, so that scanners find what leaked. */
const prefix = 'spa_';
const shape = /^spa_[\w-]{43}$/;

/** Whether a bearer is one of ours. Says nothing of whether it is good. */
export function isAgentToken(token: string): boolean {
  return token.startsWith(prefix);
}

/** 256 bits nobody guesses. */
export function newCredential(random: (length: number) => Uint8Array): string {
  return prefix + Buffer.from(random(32)).toString('base64url');
}

/** What is kept of a credential; undefined for what is none. There is nothing to guess in 256 random bits, so one SHA-256 is enough. */
export function credentialHash(token: string): string | undefined {
  if (!shape.test(token)) return undefined;
  return createHash('sha256').update('sallyport agent session\0').update(token).digest('hex');
}
