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

/**
 * `alone`: opens with the code of the other envelope. `with-passkey`: with a passkey only. Which it is was decided when it was made
 * and stands in its hash: no row of the database that is changed later makes the one into the other.
 */
export type CodeKind = 'alone' | 'with-passkey';

/** What is kept in place of a code: bound to the account, the envelope and its kind, under a key outside the database. */
export function hashOfCode(
  key: Uint8Array,
  code: { readonly accountId: string; readonly envelope: 'first' | 'second'; readonly kind: CodeKind },
  signs: string,
): string {
  const purpose = code.kind === 'alone' ? 'break-glass' : 'break-glass with a passkey';
  return createHmac('sha256', key).update(`${purpose}\0${code.accountId}\0${code.envelope}\0${signs}`).digest('hex');
}

export function isSameHash(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
