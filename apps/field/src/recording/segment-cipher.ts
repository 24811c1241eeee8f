const ivBytes = 12;
const tagBytes = 16;

/**
 * Seals a segment for this phone's storage: AES-256-GCM, a fresh random number for each, bound to the name it is stored
 * under. The key seals no more than a few million segments in the life of a phone (NIST SP 800-38D section 8.3: 2³²).
 */
export type SegmentCipher = {
  seal(name: string, plain: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  /** Undefined when it is not what was sealed under this name with this key: cut short, changed, moved. */
  open(name: string, sealed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined>;
};

export function createSegmentCipher(needs: {
  readonly key: CryptoKey;
  readonly crypto: Pick<Crypto, 'getRandomValues'> & {
    readonly subtle: Pick<SubtleCrypto, 'encrypt' | 'decrypt'>;
  };
}): SegmentCipher {
  const { key, crypto } = needs;
  const options = (iv: Uint8Array<ArrayBuffer>, name: string): AesGcmParams => ({
    name: 'AES-GCM',
    iv,
    additionalData: new TextEncoder().encode(`sallyport-field-segment/1\n${name}`),
  });
  return {
    async seal(name, plain) {
      const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
      const sealed = new Uint8Array(await crypto.subtle.encrypt(options(iv, name), key, plain));
      const bytes = new Uint8Array(ivBytes + sealed.length);
      bytes.set(iv);
      bytes.set(sealed, ivBytes);
      return bytes;
    },
    async open(name, sealed) {
      if (sealed.length < ivBytes + tagBytes) return undefined;
      try {
        const iv = sealed.slice(0, ivBytes);
        return new Uint8Array(await crypto.subtle.decrypt(options(iv, name), key, sealed.subarray(ivBytes)));
      } catch {
        return undefined;
      }
    },
  };
}
