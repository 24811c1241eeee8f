import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

/** One key for each use, from the one the vault keeps (HKDF, RFC 5869). */
export type KeyUse =
  | 'password pepper'
  | 'totp seed'
  | 'recovery code'
  | 'user name'
  | 'session client'
  | 'passkey challenge'
  | 'sent code'
  | 'certificate'
  | 'certificate sign-in';

export function deriveKey(key: Uint8Array, use: KeyUse): Buffer {
  if (key.length !== 32) throw new TypeError(`Cannot derive a key: must be handed 32 bytes, not ${key.length}`);
  return Buffer.from(hkdfSync('sha256', key, '', `sallyport identity ${use}`, 32));
}

const nonceBytes = 12;
const tagBytes = 16;

/** AES-256-GCM, bound to `owner`: what is copied to another row does not open. */
export function seal(key: Uint8Array, plain: Uint8Array, owner: string, nonce: Uint8Array): string {
  if (nonce.length !== nonceBytes) throw new TypeError('Cannot seal: must be handed a nonce of 12 bytes');
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(owner));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** Throws when the text was changed, or sealed for another owner or under another key. */
export function open(key: Uint8Array, sealed: string, owner: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(owner));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
}
