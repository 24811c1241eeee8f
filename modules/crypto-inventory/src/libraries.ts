import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { PackageURL } from 'packageurl-js';
import { algorithms, isAlgorithmId } from './algorithms.ts';
import type { AlgorithmId } from './algorithms.ts';
import type { LibraryAsset } from './asset.ts';

const all = Object.keys(algorithms).filter((id) => isAlgorithmId(id));
const elliptic: readonly AlgorithmId[] = [
  'ed25519',
  'x25519',
  'ecdsa-p256',
  'ecdsa-p384',
  'ecdsa-p521',
  'ecdh-p256',
  'ecdh-p384',
  'ecdh-p521',
];
const hashes: readonly AlgorithmId[] = [
  'sha-1',
  'sha-256',
  'sha-384',
  'sha-512',
  'hmac-sha-1',
  'hmac-sha-256',
  'hkdf-sha-256',
  'argon2id',
];

type Known = { readonly owner: string; readonly usedFor: string; readonly provides: readonly AlgorithmId[] };

/**
 * Packages that do cryptography themselves or read and write its formats, by name. What `provides` names is done in the package's own
 * code; those that hand everything to Node.js provide nothing. A package that is not here is not seen: a test holds this list against
 * the lock file.
 */
export const cryptographicPackages: Readonly<Record<string, Known>> = {
  '@noble/curves': {
    owner: 'console, camera-watch',
    usedFor: 'elliptic curves in the browser and for WebRTC',
    provides: elliptic,
  },
  '@noble/hashes': {
    owner: 'console, camera-watch',
    usedFor: 'hashes in the browser and for WebRTC',
    provides: hashes,
  },
  '@noble/ciphers': {
    owner: 'console',
    usedFor: 'ciphers below the packages of @noble',
    provides: ['aes-256-gcm', 'chacha20-poly1305'],
  },
  '@noble/post-quantum': {
    owner: 'console',
    usedFor: 'checks ML-DSA cosignatures in the browser',
    provides: ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87', 'ml-kem-768'],
  },
  '@peculiar/x509': {
    owner: 'certificate-authority',
    usedFor: 'writes and reads X.509 certificates; Node.js signs',
    provides: [],
  },
  pkijs: {
    owner: 'ledger',
    usedFor: 'reads and writes RFC 3161 time-stamps; Node.js checks the signatures',
    provides: [],
  },
  asn1js: { owner: 'ledger', usedFor: 'ASN.1 for pkijs', provides: [] },
  '@simplewebauthn/server': {
    owner: 'identity',
    usedFor: 'checks passkeys; Node.js checks the signatures',
    provides: [],
  },
  '@simplewebauthn/browser': { owner: 'console', usedFor: 'asks the browser for passkeys', provides: [] },
  'acme-client': { owner: 'certificate-authority', usedFor: 'orders certificates; Node.js signs', provides: [] },
  jose: {
    owner: 'sign-in-providers, machine-access',
    usedFor: 'reads and signs JSON web tokens; Node.js checks the signatures',
    provides: [],
  },
  otpauth: { owner: 'identity', usedFor: 'one-time codes', provides: ['hmac-sha-1', 'sha-1'] },
  werift: {
    owner: 'camera-watch',
    usedFor: 'WebRTC: DTLS and SRTP of cameras',
    provides: ['aes-128-gcm', 'aes-128-ctr-hmac-sha-1', 'ecdsa-p256', 'x25519', 'ecdh-p256'],
  },
  tweetnacl: { owner: 'camera-watch', usedFor: 'below werift', provides: ['x25519', 'ed25519'] },
  '@fidm/x509': { owner: 'camera-watch', usedFor: 'below werift: reads certificates', provides: [] },
  '@fidm/asn1': { owner: 'camera-watch', usedFor: 'below werift: ASN.1', provides: [] },
  '@smithy/signature-v4': {
    owner: 'key-vault, archive',
    usedFor: 'signs requests to AWS (Signature Version 4); Node.js computes',
    provides: [],
  },
};

/** Every installed copy of the packages above that is not there for development only, as `package-lock.json` names them. */
export async function installedLibraries(needs: {
  readonly lockText: string;
  /** The text of `package.json` in this folder below the root; undefined when it is not installed. */
  readonly readPackage: (folder: string) => Promise<string | undefined>;
}): Promise<readonly LibraryAsset[]> {
  const lock = parseJson(needs.lockText);
  const packages = isJsonObject(lock) && isJsonObject(lock['packages']) ? lock['packages'] : undefined;
  if (packages === undefined) throw new TypeError('Cannot read the lock file: must have "packages"');
  const found: LibraryAsset[] = [];
  for (const [folder, entry] of Object.entries(packages)) {
    const name = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(folder)?.[1];
    const known =
      name !== undefined && Object.hasOwn(cryptographicPackages, name) ? cryptographicPackages[name] : undefined;
    if (name === undefined || known === undefined || !isJsonObject(entry) || entry['dev'] === true) continue;
    const text = await needs.readPackage(folder);
    if (text !== undefined) found.push(libraryOf({ folder, name, known, installed: objectIn(text) }));
  }
  return found;
}

function libraryOf({
  folder,
  name,
  known,
  installed,
}: {
  readonly folder: string;
  readonly name: string;
  readonly known: Known;
  readonly installed: JsonObject;
}): LibraryAsset {
  const version = textOf(installed['version']);
  const [scope, bare] = name.startsWith('@') ? name.split('/') : [undefined, name];
  const licence = textOf(installed['license']);
  return {
    kind: 'library',
    id: `library/${folder}`,
    name,
    owner: known.owner,
    usedFor: known.usedFor,
    where: folder,
    known: { kind: 'asked', by: 'its own package.json, as installed' },
    version,
    purl: new PackageURL('npm', scope, bare ?? name, version, undefined, undefined).toString(),
    ...(licence === '' ? {} : { licence }),
    provides: known.provides,
  };
}

/** What Node.js brings along: itself, and the OpenSSL that does most of the work. */
export function runtimeLibraries(versions: Readonly<Record<string, string | undefined>>): readonly LibraryAsset[] {
  const make = (
    name: string,
    version: string | undefined,
    provides: readonly AlgorithmId[],
    usedFor: string,
  ): LibraryAsset[] =>
    version === undefined
      ? []
      : [
          {
            kind: 'library',
            id: `library/${name}`,
            name,
            owner: 'server',
            usedFor,
            where: 'the process that runs the server',
            known: { kind: 'asked', by: 'process.versions' },
            version,
            purl: new PackageURL('generic', undefined, name, version, undefined, undefined).toString(),
            provides,
          },
        ];
  return [
    ...make('openssl', versions['openssl'], all, 'ciphers, signatures, hashes, TLS and random numbers'),
    ...make('node', versions['node'], [], 'hands cryptography to OpenSSL'),
  ];
}

function objectIn(text: string): JsonObject {
  const value = parseJson(text);
  return isJsonObject(value) ? value : {};
}
