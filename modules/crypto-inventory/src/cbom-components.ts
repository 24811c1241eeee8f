import type { JsonObject } from '@sallyport/contracts';
import { algorithmOf } from './algorithms.ts';
import type { Algorithm, AlgorithmId } from './algorithms.ts';
import type {
  AlgorithmAsset,
  AssetState,
  CertificateAsset,
  GatheredAsset,
  KeyAsset,
  LibraryAsset,
  ProtocolAsset,
  StoreAsset,
} from './asset.ts';
import type { CbomVersion } from './cbom-version.ts';

/** One algorithm as a component: CycloneDX, `cryptoProperties.algorithmProperties`. */
export function algorithmComponent(asset: AlgorithmAsset, version: CbomVersion): JsonObject {
  const facts: Algorithm = algorithmOf(asset.algorithm);
  const newer = version !== '1.6';
  return {
    type: 'cryptographic-asset',
    'bom-ref': asset.id,
    name: facts.name,
    description: asset.usedFor,
    cryptoProperties: {
      assetType: 'algorithm',
      algorithmProperties: {
        primitive: facts.primitive,
        ...(newer && facts.family !== undefined ? { algorithmFamily: facts.family } : {}),
        ...(facts.parameterSet === undefined ? {} : { parameterSetIdentifier: facts.parameterSet }),
        ...(facts.curve === undefined || newer ? {} : { curve: facts.curve }),
        ...(newer && facts.ellipticCurve !== undefined ? { ellipticCurve: facts.ellipticCurve } : {}),
        executionEnvironment: 'software-plain-ram',
        ...(facts.mode === undefined ? {} : { mode: facts.mode }),
        ...(facts.padding === undefined ? {} : { padding: facts.padding }),
        cryptoFunctions: [...facts.functions],
        ...(facts.classicalBits === undefined ? {} : { classicalSecurityLevel: facts.classicalBits }),
        nistQuantumSecurityLevel: facts.quantumCategory,
      },
      ...(facts.oid === undefined ? {} : { oid: facts.oid }),
    },
    properties: properties(asset, { uses: asset.uses }),
  };
}

export function assetComponent(asset: Exclude<GatheredAsset, StoreAsset>, version: CbomVersion): JsonObject {
  switch (asset.kind) {
    case 'key':
      return keyComponent(asset);
    case 'certificate':
      return certificateComponent(asset, version);
    case 'protocol':
      return protocolComponent(asset, version);
    case 'library':
      return libraryComponent(asset);
  }
}

/** NIST SP 800-57 as CycloneDX spells it; what it has no word for is the nearest one, and exact in the properties. */
const states: Readonly<Record<AssetState, string>> = {
  created: 'pre-activation',
  active: 'active',
  suspended: 'suspended',
  retired: 'deactivated',
  compromised: 'compromised',
  revoked: 'deactivated',
  expired: 'deactivated',
  destroyed: 'destroyed',
};

function keyComponent(asset: KeyAsset): JsonObject {
  const { algorithm, createdAtMs, expiresAtMs, sizeBits, securedBy } = asset;
  return {
    type: 'cryptographic-asset',
    'bom-ref': asset.id,
    name: asset.name,
    ...(asset.version === undefined ? {} : { version: String(asset.version) }),
    description: asset.usedFor,
    cryptoProperties: {
      assetType: 'related-crypto-material',
      relatedCryptoMaterialProperties: {
        type: asset.material,
        id: asset.id,
        state: states[asset.state],
        ...(algorithm === undefined ? {} : { algorithmRef: refOf(algorithm) }),
        ...(createdAtMs === undefined ? {} : { creationDate: dateOf(createdAtMs) }),
        ...(expiresAtMs === undefined ? {} : { expirationDate: dateOf(expiresAtMs) }),
        ...(sizeBits === undefined ? {} : { size: sizeBits }),
        ...(securedBy === undefined ? {} : { securedBy: { mechanism: securedBy } }),
      },
    },
    properties: properties(asset, {
      role: asset.role,
      state: asset.state,
      ...(asset.algorithmName === undefined ? {} : { algorithm: asset.algorithmName }),
      ...(asset.count === undefined ? {} : { count: asset.count }),
      ...(asset.cost === undefined ? {} : { cost: `${asset.cost.memoryKib} KiB, ${asset.cost.passes} passes` }),
    }),
  };
}

function certificateComponent(asset: CertificateAsset, version: CbomVersion): JsonObject {
  const newer = version !== '1.6';
  return {
    type: 'cryptographic-asset',
    'bom-ref': asset.id,
    name: asset.name,
    description: asset.usedFor,
    cryptoProperties: {
      assetType: 'certificate',
      certificateProperties: {
        ...(newer ? { serialNumber: asset.serialNumber } : {}),
        subjectName: asset.subject,
        issuerName: asset.issuer,
        notValidBefore: dateOf(asset.notBeforeMs),
        notValidAfter: dateOf(asset.notAfterMs),
        ...(asset.signatureAlgorithm === undefined ? {} : { signatureAlgorithmRef: refOf(asset.signatureAlgorithm) }),
        certificateFormat: 'X.509',
        ...(newer ? { fingerprint: { alg: 'SHA-256', content: asset.sha256 } } : {}),
      },
    },
    properties: properties(asset, {
      sha256: asset.sha256,
      signature: asset.signatureName,
      ...(asset.keyAlgorithm === undefined ? {} : { key: algorithmOf(asset.keyAlgorithm).name }),
      ...(asset.keyBits === undefined ? {} : { key_bits: asset.keyBits }),
      authority: asset.isAuthority,
      used: asset.isUsed,
    }),
  };
}

function protocolComponent(asset: ProtocolAsset, version: CbomVersion): JsonObject {
  return {
    type: 'cryptographic-asset',
    'bom-ref': asset.id,
    name: asset.name,
    description: asset.usedFor,
    cryptoProperties: {
      assetType: 'protocol',
      protocolProperties: {
        type: asset.protocol === 'dtls' && version === '1.6' ? 'other' : asset.protocol,
        version: asset.version,
        cipherSuites: asset.cipherSuites.map(({ name, algorithms }) => ({
          name,
          algorithms: algorithms.map(refOf),
          ...(version === '1.6' || asset.groups.length === 0 ? {} : { tlsGroups: [...asset.groups] }),
        })),
        ...(version === '1.6' ? { cryptoRefArray: asset.algorithms.map(refOf) } : {}),
      },
    },
    properties: properties(asset, { side: asset.side, groups: asset.groups.join(', ') }),
  };
}

function libraryComponent(asset: LibraryAsset): JsonObject {
  return {
    type: 'library',
    'bom-ref': asset.id,
    name: asset.name,
    version: asset.version,
    description: asset.usedFor,
    purl: asset.purl,
    ...(asset.licence === undefined ? {} : { licenses: [{ license: { name: asset.licence } }] }),
    properties: properties(asset, {}),
  };
}

function properties(
  asset: {
    readonly owner: string;
    readonly where: string;
    readonly known: { readonly kind: string; readonly by: string };
  },
  more: Readonly<Record<string, string | number | boolean>>,
): JsonObject[] {
  const all: Readonly<Record<string, string | number | boolean>> = {
    owner: asset.owner,
    where: asset.where,
    known: `${asset.known.kind}: ${asset.known.by}`,
    ...more,
  };
  return Object.entries(all)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ({ name: `sallyport:${name}`, value: String(value) }));
}

function refOf(algorithm: AlgorithmId): string {
  return `algorithm/${algorithm}`;
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString();
}
