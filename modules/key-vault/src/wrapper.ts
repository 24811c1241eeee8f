import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { KeyVaultError } from './errors.ts';

const hedgeBytes = 16;
const syntheticBytes = 32;
const tagBytes = 16;
const nonce = Buffer.alloc(12);

/** Wraps and unwraps under one key. `context` is bound to the result: unwrapping under another context fails. */
export type Wrapper = {
  wrap(plain: Uint8Array, context: string): Buffer;
  /** Throws `unseal_failed` when the bytes were changed or wrapped under another key or context. */
  unwrap(wrapped: Uint8Array, context: string): Buffer;
};

/**
 * hedge ‖ synthetic value ‖ AES-256-GCM ciphertext ‖ tag. The synthetic value is an HMAC of hedge, context and plain, and
 * the encryption key is derived from it alone and used for this one wrapping: (key, nonce) repeats only together with the
 * same plain and context, whatever the random source does after a snapshot is put back (the idea of RFC 5297 and RFC 8452).
 * It is computed again on opening, so that one wrapping cannot open under two keys.
 */
export function createWrapper(key: Uint8Array, random: (bytes: number) => Buffer): Wrapper {
  const authentication = derive(key, 'wrap: synthetic value');
  const encryption = derive(key, 'wrap: encryption');
  const synthesize = (hedge: Uint8Array, plain: Uint8Array, context: string): Buffer => {
    const named = Buffer.from(context);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(named.length);
    return createHmac('sha256', authentication).update(hedge).update(length).update(named).update(plain).digest();
  };
  const keyOf = (synthetic: Uint8Array): Buffer => createHmac('sha256', encryption).update(synthetic).digest();
  return {
    wrap(plain, context) {
      const hedge = random(hedgeBytes);
      const synthetic = synthesize(hedge, plain, context);
      const cipher = createCipheriv('aes-256-gcm', keyOf(synthetic), nonce);
      return Buffer.concat([hedge, synthetic, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    unwrap(wrapped, context) {
      try {
        const hedge = wrapped.subarray(0, hedgeBytes);
        const synthetic = wrapped.subarray(hedgeBytes, hedgeBytes + syntheticBytes);
        const end = wrapped.length - tagBytes;
        const decipher = createDecipheriv('aes-256-gcm', keyOf(synthetic), nonce, { authTagLength: tagBytes });
        decipher.setAuthTag(wrapped.subarray(end));
        const plain = Buffer.concat([
          decipher.update(wrapped.subarray(hedgeBytes + syntheticBytes, end)),
          decipher.final(),
        ]);
        if (timingSafeEqual(synthesize(hedge, plain, context), synthetic)) return plain;
        throw new KeyVaultError('unseal_failed', 'The synthetic value does not match');
      } catch (cause) {
        throw unsealFailed(context, cause);
      }
    },
  };
}

/** What version 1 wrote: nonce ‖ AES-256-GCM ciphertext ‖ tag. Read when a vault of that version is met, never written. */
export function unwrapVersionOne(key: Uint8Array, wrapped: Uint8Array, context: string): Buffer {
  try {
    const end = wrapped.length - tagBytes;
    const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, nonce.length), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(wrapped.subarray(end));
    return Buffer.concat([decipher.update(wrapped.subarray(nonce.length, end)), decipher.final()]);
  } catch (cause) {
    throw unsealFailed(context, cause);
  }
}

function derive(key: Uint8Array, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `sallyport-key-vault@v2 ${info}`, 32));
}

function unsealFailed(context: string, cause: unknown): KeyVaultError {
  return new KeyVaultError(
    'unseal_failed',
    `Cannot unwrap "${context.slice(0, 200)}": it was changed or wrapped under another key`,
    { cause },
  );
}
