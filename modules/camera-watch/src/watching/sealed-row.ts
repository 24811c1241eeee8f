import { createCipheriv, createDecipheriv } from 'node:crypto';
import { parseJson } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';

export type RowSealing = { readonly sealingKey: Uint8Array; readonly random: (length: number) => Uint8Array };

/** AES-256-GCM, bound to the row it stands in; base64 of nonce, ciphertext and tag. */
export function sealRow({ sealingKey, random }: RowSealing, row: string, value: JsonValue): string {
  const nonce = random(12);
  const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce);
  cipher.setAAD(Buffer.from(row));
  return Buffer.concat([
    nonce,
    cipher.update(JSON.stringify(value), 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ]).toString('base64');
}

/** Null when the row was damaged or changed by somebody without the key. */
export function openRow(key: Uint8Array, row: string, sealed: string): JsonValue {
  try {
    const bytes = Buffer.from(sealed, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(row));
    decipher.setAuthTag(bytes.subarray(-16));
    return parseJson(Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8'));
  } catch {
    return null;
  }
}
