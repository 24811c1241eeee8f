import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** 32 bytes. Bare ones cost Node.js 17 µs more each time they are used: what is sealed by the thousand has a key object. */
export type SealingKey = KeyObject | Uint8Array;

/** AES-256-GCM, bound to the row it stands in; base64 of nonce, ciphertext and tag. */
export function sealText(
  needs: { readonly sealingKey: SealingKey; readonly random: (length: number) => Uint8Array },
  rowId: string,
  text: string | Uint8Array,
): string {
  const nonce = needs.random(12);
  const cipher = createCipheriv('aes-256-gcm', needs.sealingKey, nonce);
  cipher.setAAD(Buffer.from(rowId));
  const clear = typeof text === 'string' ? Buffer.from(text) : text;
  return Buffer.concat([nonce, cipher.update(clear), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** Throws when the row was changed by somebody without the key. */
export function openBytes(key: SealingKey, rowId: string, sealed: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(rowId));
  decipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
}

/** `openBytes` of what was text. */
export function openText(key: SealingKey, rowId: string, sealed: string): string {
  return openBytes(key, rowId, sealed).toString('utf8');
}
