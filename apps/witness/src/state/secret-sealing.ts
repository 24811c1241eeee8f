// The secret of a witness on disk: in clear, or sealed under a passphrase or under a file that lies elsewhere.
import { argon2Sync, createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { WitnessError } from '../errors.ts';
import type { RandomBytes } from '../needs.ts';

/** What opens a sealed secret. */
export type Unsealing =
  | { readonly kind: 'none' }
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  /** 32 random bytes or more, as systemd hands them over (LoadCredentialEncrypted=). */
  | { readonly kind: 'file'; readonly secret: Uint8Array };

export type SealedSecret = {
  readonly kind: Unsealing['kind'];
  readonly salt: Uint8Array;
  /** AES-256-GCM, tag behind; the bytes themselves when the kind is `none`. */
  readonly bytes: Uint8Array;
};

// OWASP's second argon2id profile with four times the memory: it is computed once a start.
const argon2 = { memory: 76 * 1024, passes: 3, parallelism: 1, tagLength: 32 };
const purpose = 'sallyport-witness-key@v1';
const tagBytes = 16;
/** Each sealing has a salt, and so a key, of its own: no (key, nonce) repeats. */
const nonce = Buffer.alloc(12);

/** `context` must be the same when it is opened. */
export function sealSecret(
  plain: Uint8Array,
  { unsealing, context, random }: { unsealing: Unsealing; context: string; random: RandomBytes },
): SealedSecret {
  const salt = random(16);
  if (unsealing.kind === 'none') return { kind: 'none', salt, bytes: plain };
  const cipher = createCipheriv('aes-256-gcm', sealingKey(unsealing, salt), nonce);
  cipher.setAAD(Buffer.from(context));
  return {
    kind: unsealing.kind,
    salt,
    bytes: Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]),
  };
}

/** Throws `unseal_failed`. */
export function unsealSecret(
  sealed: SealedSecret,
  { unsealing, context }: { unsealing: Unsealing; context: string },
): Uint8Array {
  if (sealed.kind === 'none') return sealed.bytes;
  if (unsealing.kind === 'none' || unsealing.kind !== sealed.kind) {
    throw new WitnessError('unseal_failed', `Cannot open the key of the witness: it is sealed with a ${sealed.kind}`, {
      hint: sealed.kind === 'passphrase' ? 'give --passphrase-file FILE' : 'give --unseal-key-file FILE',
    });
  }
  try {
    const decipher = createDecipheriv('aes-256-gcm', sealingKey(unsealing, sealed.salt), nonce);
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(sealed.bytes.subarray(-tagBytes));
    return Buffer.concat([decipher.update(sealed.bytes.subarray(0, -tagBytes)), decipher.final()]);
  } catch (cause) {
    throw new WitnessError('unseal_failed', `Cannot open the key of the witness: the ${sealed.kind} does not fit`, {
      cause,
      hint: `give the ${sealed.kind} of the first run; without it this witness cannot sign again`,
    });
  }
}

function sealingKey(unsealing: Exclude<Unsealing, { kind: 'none' }>, salt: Uint8Array): Buffer {
  return unsealing.kind === 'passphrase'
    ? argon2Sync('argon2id', { message: Buffer.from(unsealing.passphrase), nonce: Buffer.from(salt), ...argon2 })
    : Buffer.from(hkdfSync('sha256', unsealing.secret, salt, purpose, 32));
}
