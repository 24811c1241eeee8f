import type { AlgorithmId, CipherSuite } from '@sallyport/crypto-inventory';

const groupAlgorithms: Readonly<Record<string, AlgorithmId>> = {
  X25519MLKEM768: 'x25519-ml-kem-768',
  SecP256r1MLKEM768: 'p256-ml-kem-768',
  SecP384r1MLKEM1024: 'p384-ml-kem-1024',
  X25519: 'x25519',
  X448: 'x448',
  'P-256': 'ecdh-p256',
  'P-384': 'ecdh-p384',
  'P-521': 'ecdh-p521',
};

/** Parts of OpenSSL's names of suites, and what they stand for. */
const parts: readonly (readonly [RegExp, AlgorithmId])[] = [
  [/AES_?256_GCM|AES256-GCM/, 'aes-256-gcm'],
  [/AES_?128_GCM|AES128-GCM/, 'aes-128-gcm'],
  [/CHACHA20/, 'chacha20-poly1305'],
  [/AES256-SHA/, 'aes-256-cbc'],
  [/AES128-SHA/, 'aes-128-cbc'],
  [/SHA384$/, 'sha-384'],
  [/SHA256$/, 'sha-256'],
  [/AES(?:128|256)-SHA$/, 'hmac-sha-1'],
];

/** A suite as OpenSSL names it, with the algorithms of it that the catalogue knows. */
export function cipherSuiteOf(name: string): CipherSuite {
  return { name, algorithms: parts.flatMap(([pattern, algorithm]) => (pattern.test(name) ? [algorithm] : [])) };
}

export function groupAlgorithmsOf(groups: readonly string[]): readonly AlgorithmId[] {
  return groups.flatMap((group) => groupAlgorithms[group] ?? []);
}
