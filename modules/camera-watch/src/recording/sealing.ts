import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

const tagBytes = 16;
const nonceBytes = 12;
/** A key is used for one content in one place, so the nonce may be constant. */
const constantNonce = Buffer.alloc(nonceBytes);

/** What a sealed file is, bound into its key: swapped files do not open. */
export type SealedThing = {
  /** The camera, or `pictures`, whose key of the day it is. */
  readonly owner: string;
  /** What distinguishes it among its owner's, e.g. the times of a segment. */
  readonly place: string;
  /** SHA-256 of the plain bytes, lowercase hex. */
  readonly plainSha256: string;
};

/** AES-256-GCM: ciphertext and tag. */
export function seal(dayKey: Uint8Array, thing: SealedThing, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', keyOf(dayKey, thing), constantNonce);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Throws when the bytes are not what `seal` made of this thing under this key. */
export function unseal(dayKey: Uint8Array, thing: SealedThing, sealed: Uint8Array): Buffer {
  if (sealed.length < tagBytes) throw new Error('Cannot open sealed bytes: they are cut short');
  const decipher = createDecipheriv('aes-256-gcm', keyOf(dayKey, thing), constantNonce);
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - tagBytes)), decipher.final()]);
}

/** The key of a day, to be kept beside what it opens. */
export function wrapDayKey(
  needs: { readonly sealingKey: Uint8Array; readonly random: (length: number) => Uint8Array },
  day: { readonly owner: string; readonly day: number; readonly key: Uint8Array },
): string {
  const nonce = needs.random(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', needs.sealingKey, nonce);
  cipher.setAAD(wrappedFor(day));
  return Buffer.concat([nonce, cipher.update(day.key), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** Throws when it was wrapped for another owner or day, under another secret, or changed. */
export function unwrapDayKey(
  sealingKey: Uint8Array,
  day: { readonly owner: string; readonly day: number; readonly wrapped: string },
): Buffer {
  const bytes = Buffer.from(day.wrapped, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', sealingKey, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(wrappedFor(day));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
}

function wrappedFor({ owner, day }: { readonly owner: string; readonly day: number }): Buffer {
  return Buffer.from(`sallyport-recording-day@v1\n${owner}\n${day}`);
}

/**
 * The key of one sealed thing: it depends on place and content, so that a machine restored to an earlier state, with
 * its random generator, cannot encrypt two contents under one key.
 */
function keyOf(dayKey: Uint8Array, { owner, place, plainSha256 }: SealedThing): Buffer {
  const info = `sallyport-recording@v1\n${owner}\n${place}\n${plainSha256}`;
  return Buffer.from(hkdfSync('sha256', dayKey, Buffer.alloc(0), info, 32));
}
