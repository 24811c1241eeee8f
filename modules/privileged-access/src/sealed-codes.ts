import { createHmac, timingSafeEqual } from 'node:crypto';

/** Without letters that look like others: 31 signs. */
const alphabet = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
const length = 28;

/**
 * A code for an envelope: 28 signs of 31, over 138 bits, in groups of four. Nobody guesses it, so nothing needs to be locked
 * against guessing, and nobody can lock its owner out.
 */
export function newSealedCode(random: (length: number) => Uint8Array): string {
  const signs: string[] = [];
  while (signs.length < length) {
    for (const byte of random(64)) {
      // 248 is the greatest multiple of 31 in a byte: each sign is as likely as any other.
      if (byte < 248 && signs.length < length) signs.push(alphabet[byte % alphabet.length] ?? '');
    }
  }
  return (signs.join('').match(/.{4}/g) ?? []).join('-');
}

/** As somebody types it from paper: small letters, spaces, no dashes. Undefined for what is none. */
export function readSealedCode(typed: string): string | undefined {
  const signs = typed.slice(0, 200).toUpperCase().replaceAll(/[\s-]/g, '');
  return signs.length === length && Array.from(signs).every((sign) => alphabet.includes(sign)) ? signs : undefined;
}

/** What is kept in place of a code: bound to the account and the envelope, under a key outside the database. */
export function hashOfCode(key: Uint8Array, accountId: string, envelope: 'first' | 'second', signs: string): string {
  return createHmac('sha256', key).update(`break-glass\0${accountId}\0${envelope}\0${signs}`).digest('hex');
}

export function isSameHash(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
