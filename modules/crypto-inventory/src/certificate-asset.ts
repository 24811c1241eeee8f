import type { KeyObject, X509Certificate } from 'node:crypto';
import { algorithmOfOid } from './algorithms.ts';
import type { AlgorithmId } from './algorithms.ts';
import type { CertificateAsset } from './asset.ts';

/** A row for a certificate as it stands in the file. What it says of itself is not believed any further than its key and dates. */
export function certificateAsset(
  certificate: X509Certificate,
  said: Pick<CertificateAsset, 'id' | 'name' | 'owner' | 'usedFor' | 'where' | 'known' | 'isUsed'>,
): CertificateAsset {
  const oid = certificate.signatureAlgorithmOid;
  const signatureAlgorithm = oid === undefined ? undefined : algorithmOfOid(oid);
  const key = keyFacts(certificate.publicKey);
  return {
    kind: 'certificate',
    ...said,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    serialNumber: certificate.serialNumber.toLowerCase(),
    sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
    signatureName: certificate.signatureAlgorithm ?? oid ?? 'unknown',
    isAuthority: certificate.ca,
    ...(signatureAlgorithm === undefined ? {} : { signatureAlgorithm }),
    ...(key.algorithm === undefined ? {} : { keyAlgorithm: key.algorithm }),
    ...(key.bits === undefined ? {} : { keyBits: key.bits }),
  };
}

const curves: Readonly<Record<string, readonly [AlgorithmId, number]>> = {
  prime256v1: ['ecdsa-p256', 256],
  secp384r1: ['ecdsa-p384', 384],
  secp521r1: ['ecdsa-p521', 521],
};

/** Kind and size of a public key; nothing for a kind that is not in the catalogue. */
export function keyFacts(key: KeyObject): { readonly algorithm?: AlgorithmId; readonly bits?: number } {
  const { asymmetricKeyType, asymmetricKeyDetails = {} } = key;
  switch (asymmetricKeyType) {
    case 'ed25519':
      return { algorithm: 'ed25519', bits: 256 };
    case 'rsa':
    case 'rsa-pss': {
      const bits = asymmetricKeyDetails.modulusLength;
      const algorithm = asymmetricKeyType === 'rsa' ? 'rsa-sha-256' : 'rsa-pss';
      return bits === undefined ? { algorithm } : { algorithm, bits };
    }
    case 'ec': {
      const [algorithm, bits] = curves[asymmetricKeyDetails.namedCurve ?? ''] ?? [];
      return algorithm === undefined || bits === undefined ? {} : { algorithm, bits };
    }
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
      return { algorithm: asymmetricKeyType };
    default:
      return {};
  }
}

/** A distinguished name comes with a line for each of its parts. */
function oneLine(name: string): string {
  return name.replaceAll(/\p{C}+/gu, ', ').slice(0, 512);
}
