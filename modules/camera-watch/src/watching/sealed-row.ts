import { createCipheriv, createDecipheriv } from 'node:crypto';
import { parseJson } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';

export type RowSealing = { readonly sealingKey: Uint8Array; readonly random: (length: number) => Uint8Array };

/** AES-256-GCM, bound to the row it stands in; base64 of nonce, ciphertext and tag. */
export function sealRow(sealing: RowSealing, row: string, value: JsonValue): string {
  return sealBytes(sealing, row, Buffer.from(JSON.stringify(value)));
}

/** The same for bytes. */
export function sealBytes({ sealingKey, random }: RowSealing, row: string, bytes: Uint8Array): string {
  const nonce = random(12);
  const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce);
  cipher.setAAD(Buffer.from(row));
  return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** Null when the row was damaged or changed by somebody without the key. */
export function openRow(key: Uint8Array, row: string, sealed: string): JsonValue {
  try {
    const bytes = openBytes(key, row, sealed);
    return bytes === undefined ? null : parseJson(Buffer.from(bytes).toString('utf8'));
  } catch {
    return null;
  }
}

/** Undefined when the row was damaged or changed by somebody without the key. */
export function openBytes(key: Uint8Array, row: string, sealed: string): Uint8Array | undefined {
  try {
    const bytes = Buffer.from(sealed, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(row));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** For encrypted columns: the text of a value as earlier versions sealed it by hand, bound to what `nameOf` says of its row. */
export function earlierRow(
  key: Uint8Array,
  nameOf: (row: Readonly<Record<string, unknown>>) => string,
): (stored: string, row: Readonly<Record<string, unknown>>) => string {
  return (stored, row) => {
    const bytes = openBytes(key, nameOf(row), stored);
    if (bytes === undefined) throw new TypeError('Cannot open the row: must be as it was sealed');
    return Buffer.from(bytes).toString('utf8');
  };
}
