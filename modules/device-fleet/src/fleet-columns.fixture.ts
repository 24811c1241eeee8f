// Columns of the fleet as a test has them, and rows as the version before encrypted columns left them.
import { createCipheriv, randomBytes } from 'node:crypto';
import { openColumnKeys, type ColumnKeys } from '@sallyport/platform/encrypted-columns';

/** Keys of columns, kept nowhere. */
export function createColumnKeys(): Promise<ColumnKeys> {
  const store = { open: async () => undefined, seal: async () => undefined };
  return openColumnKeys({ store, name: 'device-fleet/columns', tenant: 'local', random: randomBytes });
}

export function sealedByHand(sealingKey: Uint8Array, name: string, text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce);
  cipher.setAAD(Buffer.from(name));
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
}
