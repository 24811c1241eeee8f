/** What an algorithm is for, in the words of CycloneDX 1.6 (`algorithmProperties.primitive`). */
export type Primitive =
  | 'ae'
  | 'block-cipher'
  | 'stream-cipher'
  | 'hash'
  | 'mac'
  | 'kdf'
  | 'signature'
  | 'key-agree'
  | 'kem'
  | 'combiner'
  | 'drbg'
  | 'other';

export type CryptoFunction =
  | 'generate'
  | 'keygen'
  | 'encrypt'
  | 'decrypt'
  | 'digest'
  | 'tag'
  | 'keyderive'
  | 'sign'
  | 'verify'
  | 'encapsulate'
  | 'decapsulate';

/**
 * Facts about one algorithm with its parameters.
 * Classical bits: NIST SP 800-57 part 1, 5.6.1, of the use it is put to here; undefined where it depends on something else (a password, a modulus).
 * Quantum category: 1 to 5 as NIST defines them (at least as hard as AES-128 … AES-256), 0 for what Shor's algorithm breaks.
 */
export type Algorithm = {
  readonly name: string;
  readonly primitive: Primitive;
  readonly functions: readonly CryptoFunction[];
  readonly parameterSet?: string;
  readonly curve?: string;
  readonly mode?: 'gcm' | 'ctr' | 'cbc';
  readonly padding?: 'pkcs1v15' | 'raw';
  readonly oid?: string;
  readonly classicalBits?: number;
  readonly quantumCategory: 0 | 1 | 2 | 3 | 4 | 5;
  /** As CycloneDX 1.7 lists families and curves. */
  readonly family?: string;
  readonly ellipticCurve?: string;
  /** Collisions of it, or signatures with it, are forged in practice. */
  readonly broken?: true;
};

const cipher = ['keygen', 'encrypt', 'decrypt'] as const;
const signature = ['keygen', 'sign', 'verify'] as const;
const agreement = ['keygen', 'keyderive'] as const;
const encapsulation = ['keygen', 'encapsulate', 'decapsulate'] as const;
const sha = { primitive: 'hash', functions: ['digest'], family: 'SHA-2' } as const;
const hmac = { primitive: 'mac', functions: ['keygen', 'tag', 'verify'], family: 'HMAC' } as const;
const rsaSignature = {
  primitive: 'signature',
  functions: signature,
  quantumCategory: 0,
  family: 'RSASSA-PKCS1',
  padding: 'pkcs1v15',
} as const;
const ecdsa = { primitive: 'signature', functions: signature, quantumCategory: 0, family: 'ECDSA' } as const;
const ecdh = { primitive: 'key-agree', functions: agreement, quantumCategory: 0, family: 'ECDH' } as const;

/** Every algorithm the inventory knows. What is met and stands not here is shown by name, without strength. */
export const algorithms = {
  'aes-128-gcm': {
    name: 'AES-128-GCM',
    primitive: 'ae',
    functions: cipher,
    parameterSet: '128',
    mode: 'gcm',
    oid: '2.16.840.1.101.3.4.1.6',
    classicalBits: 128,
    quantumCategory: 1,
    family: 'AES',
  },
  'aes-256-gcm': {
    name: 'AES-256-GCM',
    primitive: 'ae',
    functions: cipher,
    parameterSet: '256',
    mode: 'gcm',
    oid: '2.16.840.1.101.3.4.1.46',
    classicalBits: 256,
    quantumCategory: 5,
    family: 'AES',
  },
  'aes-256-ctr': {
    name: 'AES-256-CTR',
    primitive: 'block-cipher',
    functions: cipher,
    parameterSet: '256',
    mode: 'ctr',
    classicalBits: 256,
    quantumCategory: 5,
    family: 'AES',
  },
  'aes-128-cbc': {
    name: 'AES-128-CBC',
    primitive: 'block-cipher',
    functions: cipher,
    parameterSet: '128',
    mode: 'cbc',
    oid: '2.16.840.1.101.3.4.1.2',
    classicalBits: 128,
    quantumCategory: 1,
    family: 'AES',
  },
  'aes-256-cbc': {
    name: 'AES-256-CBC',
    primitive: 'block-cipher',
    functions: cipher,
    parameterSet: '256',
    mode: 'cbc',
    oid: '2.16.840.1.101.3.4.1.42',
    classicalBits: 256,
    quantumCategory: 5,
    family: 'AES',
  },
  'aes-128-ctr-hmac-sha-1': {
    name: 'AES-128-CM with HMAC-SHA1-80 (SRTP)',
    primitive: 'ae',
    functions: cipher,
    parameterSet: '128',
    mode: 'ctr',
    classicalBits: 128,
    quantumCategory: 1,
    family: 'AES',
  },
  'chacha20-poly1305': {
    name: 'ChaCha20-Poly1305',
    primitive: 'ae',
    functions: cipher,
    parameterSet: '256',
    oid: '1.2.840.113549.1.9.16.3.18',
    classicalBits: 256,
    quantumCategory: 5,
    family: 'ChaCha20',
  },
  'sha-1': {
    name: 'SHA-1',
    primitive: 'hash',
    functions: ['digest'],
    oid: '1.3.14.3.2.26',
    classicalBits: 61,
    quantumCategory: 0,
    family: 'SHA-1',
    broken: true,
  },
  'sha-256': {
    ...sha,
    name: 'SHA-256',
    parameterSet: '256',
    oid: '2.16.840.1.101.3.4.2.1',
    classicalBits: 128,
    quantumCategory: 2,
  },
  'sha-384': {
    ...sha,
    name: 'SHA-384',
    parameterSet: '384',
    oid: '2.16.840.1.101.3.4.2.2',
    classicalBits: 192,
    quantumCategory: 4,
  },
  'sha-512': {
    ...sha,
    name: 'SHA-512',
    parameterSet: '512',
    oid: '2.16.840.1.101.3.4.2.3',
    classicalBits: 256,
    quantumCategory: 5,
  },
  'hmac-sha-1': { ...hmac, name: 'HMAC-SHA-1', oid: '1.2.840.113549.2.7', classicalBits: 128, quantumCategory: 1 },
  'hmac-sha-256': {
    ...hmac,
    name: 'HMAC-SHA-256',
    parameterSet: '256',
    oid: '1.2.840.113549.2.9',
    classicalBits: 256,
    quantumCategory: 5,
  },
  'hkdf-sha-256': {
    name: 'HKDF-SHA-256',
    primitive: 'kdf',
    functions: ['keyderive'],
    parameterSet: '256',
    oid: '1.2.840.113549.1.9.16.3.28',
    classicalBits: 256,
    quantumCategory: 5,
    family: 'HKDF',
  },
  argon2id: { name: 'Argon2id', primitive: 'kdf', functions: ['keyderive'], quantumCategory: 1, family: 'Argon2' },
  ed25519: {
    name: 'Ed25519',
    primitive: 'signature',
    functions: signature,
    curve: 'Ed25519',
    oid: '1.3.101.112',
    classicalBits: 128,
    quantumCategory: 0,
    family: 'EdDSA',
  },
  'ecdsa-p256': {
    ...ecdsa,
    name: 'ECDSA P-256 with SHA-256',
    parameterSet: 'P-256',
    curve: 'P-256',
    ellipticCurve: 'nist/P-256',
    oid: '1.2.840.10045.4.3.2',
    classicalBits: 128,
  },
  'ecdsa-p384': {
    ...ecdsa,
    name: 'ECDSA P-384 with SHA-384',
    parameterSet: 'P-384',
    curve: 'P-384',
    ellipticCurve: 'nist/P-384',
    oid: '1.2.840.10045.4.3.3',
    classicalBits: 192,
  },
  'ecdsa-p521': {
    ...ecdsa,
    name: 'ECDSA P-521 with SHA-512',
    parameterSet: 'P-521',
    curve: 'P-521',
    ellipticCurve: 'nist/P-521',
    oid: '1.2.840.10045.4.3.4',
    classicalBits: 256,
  },
  'ecdsa-sha-1': { ...ecdsa, name: 'ECDSA with SHA-1', oid: '1.2.840.10045.4.1', classicalBits: 61, broken: true },
  'rsa-sha-1': {
    ...rsaSignature,
    name: 'RSA with SHA-1',
    oid: '1.2.840.113549.1.1.5',
    classicalBits: 61,
    broken: true,
  },
  'rsa-sha-256': { ...rsaSignature, name: 'RSA with SHA-256', oid: '1.2.840.113549.1.1.11' },
  'rsa-sha-384': { ...rsaSignature, name: 'RSA with SHA-384', oid: '1.2.840.113549.1.1.12' },
  'rsa-sha-512': { ...rsaSignature, name: 'RSA with SHA-512', oid: '1.2.840.113549.1.1.13' },
  'rsa-pss': {
    name: 'RSASSA-PSS',
    primitive: 'signature',
    functions: signature,
    oid: '1.2.840.113549.1.1.10',
    quantumCategory: 0,
    family: 'RSASSA-PSS',
  },
  'ml-dsa-44': {
    name: 'ML-DSA-44',
    primitive: 'signature',
    functions: signature,
    parameterSet: '44',
    oid: '2.16.840.1.101.3.4.3.17',
    classicalBits: 128,
    quantumCategory: 2,
    family: 'ML-DSA',
  },
  'ml-dsa-65': {
    name: 'ML-DSA-65',
    primitive: 'signature',
    functions: signature,
    parameterSet: '65',
    oid: '2.16.840.1.101.3.4.3.18',
    classicalBits: 192,
    quantumCategory: 3,
    family: 'ML-DSA',
  },
  'ml-dsa-87': {
    name: 'ML-DSA-87',
    primitive: 'signature',
    functions: signature,
    parameterSet: '87',
    oid: '2.16.840.1.101.3.4.3.19',
    classicalBits: 256,
    quantumCategory: 5,
    family: 'ML-DSA',
  },
  'ml-kem-768': {
    name: 'ML-KEM-768',
    primitive: 'kem',
    functions: encapsulation,
    parameterSet: '768',
    oid: '2.16.840.1.101.3.4.4.2',
    classicalBits: 192,
    quantumCategory: 3,
    family: 'ML-KEM',
  },
  x25519: { ...ecdh, name: 'X25519', curve: 'Curve25519', oid: '1.3.101.110', classicalBits: 128 },
  x448: { ...ecdh, name: 'X448', curve: 'Curve448', oid: '1.3.101.111', classicalBits: 224 },
  'ecdh-p256': {
    ...ecdh,
    name: 'ECDH P-256',
    parameterSet: 'P-256',
    curve: 'P-256',
    ellipticCurve: 'nist/P-256',
    classicalBits: 128,
  },
  'ecdh-p384': {
    ...ecdh,
    name: 'ECDH P-384',
    parameterSet: 'P-384',
    curve: 'P-384',
    ellipticCurve: 'nist/P-384',
    classicalBits: 192,
  },
  'ecdh-p521': {
    ...ecdh,
    name: 'ECDH P-521',
    parameterSet: 'P-521',
    curve: 'P-521',
    ellipticCurve: 'nist/P-521',
    classicalBits: 256,
  },
  'x25519-ml-kem-768': {
    name: 'X25519MLKEM768',
    primitive: 'combiner',
    functions: encapsulation,
    parameterSet: '768',
    classicalBits: 192,
    quantumCategory: 3,
  },
  'p256-ml-kem-768': {
    name: 'SecP256r1MLKEM768',
    primitive: 'combiner',
    functions: encapsulation,
    parameterSet: '768',
    classicalBits: 192,
    quantumCategory: 3,
  },
  'p384-ml-kem-1024': {
    name: 'SecP384r1MLKEM1024',
    primitive: 'combiner',
    functions: encapsulation,
    parameterSet: '1024',
    classicalBits: 256,
    quantumCategory: 5,
  },
} as const satisfies Readonly<Record<string, Algorithm>>;

export type AlgorithmId = keyof typeof algorithms;

const known = new Map<string, Algorithm>(Object.entries(algorithms));

export function isAlgorithmId(text: string): text is AlgorithmId {
  return known.has(text);
}

export function algorithmOf(id: AlgorithmId): Algorithm {
  return algorithms[id];
}

/** The signature algorithm of this object identifier, when it is known. */
export function algorithmOfOid(oid: string): AlgorithmId | undefined {
  for (const [id, algorithm] of known) if (algorithm.oid === oid && isAlgorithmId(id)) return id;
  return undefined;
}
