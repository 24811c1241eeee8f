import { createCipheriv, createDecipheriv } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;

/** Text as it lies in the control database: AES-256-GCM, bound to the row's name, base64. */
export function sealRow(
  needs: { readonly sealingKey: Uint8Array; readonly random: (length: number) => Uint8Array; readonly name: string },
  text: string,
): string {
  const nonce = needs.random(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', needs.sealingKey, nonce);
  cipher.setAAD(Buffer.from(needs.name));
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** Throws when the row was changed by somebody without the key, or is another's. */
export function openRow(sealingKey: Uint8Array, name: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', sealingKey, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(name));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]).toString('utf8');
}
