import { createCipheriv, createDecipheriv } from 'node:crypto';
import { KeyVaultError } from './errors.ts';

const nonceBytes = 12;
const tagBytes = 16;

/** AES-256-GCM with a random nonce: nonce ‖ ciphertext ‖ tag. At most 2^32 wraps a key (NIST SP 800-38D, 8.3). */
export function wrapBytes(input: {
  key: Uint8Array;
  plain: Uint8Array;
  context: string;
  random: (bytes: number) => Buffer;
}): Buffer {
  const nonce = input.random(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', input.key, nonce);
  cipher.setAAD(Buffer.from(input.context));
  return Buffer.concat([nonce, cipher.update(input.plain), cipher.final(), cipher.getAuthTag()]);
}

/** Reverses `wrapBytes`. Throws `unseal_failed` on any change of bytes, key or context. */
export function unwrapBytes(input: { key: Uint8Array; wrapped: Uint8Array; context: string }): Buffer {
  const { wrapped } = input;
  try {
    const decipher = createDecipheriv('aes-256-gcm', input.key, wrapped.subarray(0, nonceBytes));
    decipher.setAAD(Buffer.from(input.context));
    decipher.setAuthTag(wrapped.subarray(wrapped.length - tagBytes));
    return Buffer.concat([decipher.update(wrapped.subarray(nonceBytes, wrapped.length - tagBytes)), decipher.final()]);
  } catch (cause) {
    throw new KeyVaultError(
      'unseal_failed',
      `Cannot unwrap "${input.context}": it was changed or wrapped under another key`,
      {
        cause,
      },
    );
  }
}
