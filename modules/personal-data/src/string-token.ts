import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hash, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { formatToken, sealedSaltBytes } from '@sallyport/contracts';
import type { SealedToken } from '@sallyport/contracts';

/** A subject's key: `id` 32 hexadecimal digits, 32 bytes. */
export type SubjectKey = { readonly id: string; readonly bytes: Uint8Array };
/** What opens a token's commitment for somebody without keys. */
export type Opening = { readonly salt: Buffer; readonly plain: Buffer };

const nonce = Buffer.alloc(12);
const tagBytes = 16;

/** Seals the texts of one body. */
export type TokenSealer = (text: {
  readonly keys: readonly SubjectKey[];
  readonly plain: string;
  readonly holds: SealedToken['holds'];
}) => string;

/**
 * Seals JSON text under all of `keys` together: without any one of them it stays closed. The encryption key is derived from
 * SHA-256(salt ‖ plain), which stands in the token, and used for nothing else; the salt is an HMAC of random bytes, the text and its
 * place among those of the body. A random source that repeats therefore repeats (key, nonce) only together with the same text.
 */
export function createTokenSealer(random: (bytes: number) => Buffer): TokenSealer {
  const hedge = random(16);
  const secrets = new Map<string, KeyObject>();
  let count = 0;
  const secretOf = (keys: readonly SubjectKey[]): KeyObject => {
    const name = keys.map(({ id }) => id).join();
    const secret = secrets.get(name) ?? joined(keys.map(({ bytes }) => bytes));
    secrets.set(name, secret);
    return secret;
  };
  return ({ keys, plain, holds }) => {
    const text = Buffer.from(plain);
    const together = secretOf(keys);
    count += 1;
    const salt = createHmac('sha256', together).update(`salt ${count} `).update(hedge).update(text).digest();
    const content = Buffer.concat([salt.subarray(0, sealedSaltBytes), text]);
    const commitment = hash('sha256', content, 'buffer');
    const keyIds = keys.map(({ id }) => id);
    const cipher = createCipheriv('aes-256-gcm', encryptionKey(together, commitment), nonce);
    cipher.setAAD(boundTo(holds, keyIds));
    const sealed = Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
    return formatToken({ holds, keyIds, commitment, sealed });
  };
}

/** Undefined when the token was not made with these keys, in the order of its key ids. */
export function openToken(token: SealedToken, keys: readonly Uint8Array[]): Opening | undefined {
  try {
    const end = token.sealed.length - tagBytes;
    const key = encryptionKey(joined(keys), token.commitment);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
    decipher.setAAD(boundTo(token.holds, token.keyIds));
    decipher.setAuthTag(token.sealed.subarray(end));
    const content = Buffer.concat([decipher.update(token.sealed.subarray(0, end)), decipher.final()]);
    if (!timingSafeEqual(hash('sha256', content, 'buffer'), token.commitment)) return undefined;
    return { salt: content.subarray(0, sealedSaltBytes), plain: content.subarray(sealedSaltBytes) };
  } catch {
    return undefined;
  }
}

// Raw bytes handed to an HMAC cost several times what the HMAC does.
function joined(keys: readonly Uint8Array[]): KeyObject {
  const [first = new Uint8Array(), ...others] = keys;
  return createSecretKey(others.length === 0 ? first : Buffer.concat(keys));
}

function encryptionKey(together: KeyObject, commitment: Uint8Array): KeyObject {
  return createSecretKey(createHmac('sha256', together).update('seal').update(commitment).digest());
}

function boundTo(holds: SealedToken['holds'], keyIds: readonly string[]): Buffer {
  return Buffer.from(['sallyport-personal-data@v1', holds, ...keyIds].join('\n'));
}
