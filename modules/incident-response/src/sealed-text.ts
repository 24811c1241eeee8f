import { createCipheriv, createDecipheriv } from 'node:crypto';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';

/** AES-256-GCM, bound to the row it stands in; base64 of nonce, ciphertext and tag. */
export function sealText(
  needs: { readonly sealingKey: Uint8Array; readonly random: (length: number) => Uint8Array },
  rowId: string,
  text: string,
): string {
  const nonce = needs.random(12);
  const cipher = createCipheriv('aes-256-gcm', needs.sealingKey, nonce);
  cipher.setAAD(Buffer.from(rowId));
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** Throws when the row was changed by somebody without the key. */
export function openSealed(key: Uint8Array, rowId: string, sealed: string): { reason: string; host?: string } {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
  decipher.setAAD(Buffer.from(rowId));
  decipher.setAuthTag(bytes.subarray(-16));
  const text = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
  const value = parseJson(text);
  if (!isJsonObject(value)) throw new TypeError(`Cannot read suppression "${rowId}": its content is no object`);
  const host = value['host'];
  return { reason: textOf(value['reason']), ...(typeof host === 'string' ? { host } : {}) };
}
