import { constants, verify, type KeyObject } from 'node:crypto';
import { derReader, derWithin, readOid } from './der.ts';

/** How something is signed, where it is a way that is good enough. */
export type SignatureAlgorithm = {
  readonly key: 'rsa' | 'ec' | 'eddsa';
  readonly hash: 'sha256' | 'sha384' | 'sha512' | undefined;
  readonly isPss?: true;
};

const algorithms: Readonly<Record<string, SignatureAlgorithm>> = {
  '1.2.840.113549.1.1.11': { key: 'rsa', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { key: 'rsa', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { key: 'rsa', hash: 'sha512' },
  '1.2.840.10045.4.3.2': { key: 'ec', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { key: 'ec', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { key: 'ec', hash: 'sha512' },
  '1.3.101.112': { key: 'eddsa', hash: undefined },
  '1.3.101.113': { key: 'eddsa', hash: undefined },
};
const pss = '1.2.840.113549.1.1.10';
const hashes: Readonly<Record<string, 'sha256' | 'sha384' | 'sha512'>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Of an AlgorithmIdentifier. Undefined for MD5, SHA-1 and whatever else nobody should rely on. Throws `DerFault`. */
export function readSignatureAlgorithm(content: Uint8Array): SignatureAlgorithm | undefined {
  const reader = derReader(content);
  const oid = readOid(reader.take(0x06));
  if (oid !== pss) return algorithms[oid];
  // RFC 4055 section 3.1: what is not said is SHA-1.
  const named = derReader(reader.take(0x30)).maybe(0xa0);
  const hash = named === undefined ? undefined : hashes[readOid(derWithin(named).take(0x06))];
  return hash === undefined ? undefined : { key: 'rsa', hash, isPss: true };
}

const curves = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** Strong enough to be relied on for years, and no larger than a check may cost. */
export function isGoodKey({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): boolean {
  const { modulusLength = 0, namedCurve = '', publicExponent = 0n } = asymmetricKeyDetails;
  switch (asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      return modulusLength >= 2048 && modulusLength <= 8192 && publicExponent > 2n && publicExponent < 2n ** 33n;
    case 'ec':
      return curves.has(namedCurve);
    case 'ed25519':
    case 'ed448':
      return true;
    default:
      return false;
  }
}

export function isSignedBy(
  signed: Uint8Array,
  signature: Uint8Array,
  { key, hash, isPss }: SignatureAlgorithm,
  publicKey: KeyObject,
): boolean {
  const type = publicKey.asymmetricKeyType ?? '';
  const fits = key === 'rsa' ? type.startsWith('rsa') : key === 'ec' ? type === 'ec' : type.startsWith('ed');
  if (!fits || !isGoodKey(publicKey)) return false;
  const padding = isPss === true ? { padding: constants.RSA_PKCS1_PSS_PADDING } : {};
  try {
    return verify(hash ?? null, signed, { key: publicKey, ...padding }, signature);
  } catch {
    return false;
  }
}
