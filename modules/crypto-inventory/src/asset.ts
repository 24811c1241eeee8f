import type { AlgorithmId } from './algorithms.ts';

/** What a key is used for; its cryptoperiod follows from it (NIST SP 800-57 part 1, 5.3.6, table 1). */
export const keyRoles = [
  'master',
  'wrapping',
  'encryption',
  'signing',
  'authentication',
  'mac',
  'derivation',
  'credential',
] as const;
export type KeyRole = (typeof keyRoles)[number];

/** NIST SP 800-57 part 1, 7; `expired` is a certificate's or credential's own end. */
export const assetStates = [
  'created',
  'active',
  'suspended',
  'retired',
  'compromised',
  'revoked',
  'expired',
  'destroyed',
] as const;
export type AssetState = (typeof assetStates)[number];

/**
 * How a row is known. `asked`: read at this gathering from what holds the thing or does it. `declared`: written down by the
 * makers of the product, and as right as they were.
 */
export type Knowledge = { readonly kind: 'asked' | 'declared'; readonly by: string };

type Common = {
  /** Begins with the kind: `key/vault/…`. The same at every gathering; unlike all others. */
  readonly id: string;
  readonly name: string;
  /** The part of the product that answers for it. */
  readonly owner: string;
  readonly usedFor: string;
  readonly where: string;
  readonly known: Knowledge;
};

export type KeyAsset = Common & {
  readonly kind: 'key';
  readonly role: KeyRole;
  readonly material: 'secret-key' | 'private-key' | 'public-key' | 'seed' | 'token' | 'password';
  readonly state: AssetState;
  readonly algorithm?: AlgorithmId;
  /** For an algorithm that is not in the catalogue. */
  readonly algorithmName?: string;
  readonly sizeBits?: number;
  readonly createdAtMs?: number;
  readonly expiresAtMs?: number;
  readonly version?: number;
  /** What protects it at rest. */
  readonly securedBy?: string;
  /** How many of the same sort this row stands for; 1 when left out. */
  readonly count?: number;
  /** Argon2 and the like: what a guess costs. */
  readonly cost?: { readonly memoryKib: number; readonly passes: number };
};

export type CertificateAsset = Common & {
  readonly kind: 'certificate';
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  /** SHA-256 of the certificate, hexadecimal. */
  readonly sha256: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly signatureAlgorithm?: AlgorithmId;
  readonly signatureName: string;
  readonly keyAlgorithm?: AlgorithmId;
  readonly keyBits?: number;
  readonly isAuthority: boolean;
  /** Shown to others now; one that is kept and not used is not told of before its end. */
  readonly isUsed: boolean;
};

export type CipherSuite = { readonly name: string; readonly algorithms: readonly AlgorithmId[] };

export type ProtocolAsset = Common & {
  readonly kind: 'protocol';
  readonly protocol: 'tls' | 'dtls' | 'other';
  /** `1.3`; of others whatever they call it. */
  readonly version: string;
  readonly cipherSuites: readonly CipherSuite[];
  readonly groups: readonly string[];
  readonly algorithms: readonly AlgorithmId[];
  /** We listen, or we call. */
  readonly side: 'server' | 'client';
};

export type LibraryAsset = Common & {
  readonly kind: 'library';
  readonly version: string;
  /** Package URL. */
  readonly purl: string;
  readonly licence?: string;
  readonly provides: readonly AlgorithmId[];
};

/** Something that rests in clear and might be sealed: the inventory says what is not encrypted, too. */
export type StoreAsset = Common & {
  readonly kind: 'store';
  readonly encryption: 'sealed' | 'partly' | 'clear';
  readonly algorithm?: AlgorithmId;
  /** What stands there in clear. */
  readonly clear: readonly string[];
};

export type GatheredAsset = KeyAsset | CertificateAsset | ProtocolAsset | LibraryAsset | StoreAsset;

/** An algorithm at work: derived from what uses it, and from declared uses without a key of their own. */
export type AlgorithmAsset = Common & {
  readonly kind: 'algorithm';
  readonly algorithm: AlgorithmId;
  readonly uses: number;
};

export type Asset = GatheredAsset | AlgorithmAsset;
export type AssetKind = Asset['kind'];
export const assetKinds = [
  'key',
  'certificate',
  'protocol',
  'algorithm',
  'library',
  'store',
] as const satisfies readonly AssetKind[];

/** A use of an algorithm that no key or protocol of the inventory shows. */
export type AlgorithmUse = { readonly algorithm: AlgorithmId; readonly owner: string; readonly usedFor: string };
