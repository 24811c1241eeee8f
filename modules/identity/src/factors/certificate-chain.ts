import { X509Certificate } from 'node:crypto';

const maxLength = 8;
const maxCertificateBytes = 8192;

/** DER certificates, or undefined when there are none, too many, or something that is no certificate. */
export function readCertificates(chain: readonly Uint8Array[]): readonly X509Certificate[] | undefined {
  if (chain.length === 0 || chain.length > maxLength) return undefined;
  if (chain.some((der) => der.length > maxCertificateBytes)) return undefined;
  try {
    return chain.map((der) => new X509Certificate(der));
  } catch {
    return undefined;
  }
}

/**
 * The root a chain (leaf first) reaches, with every certificate in force at `nowMs`. Nothing is asked of the network, so revocation lists
 * are not looked at. Chains are in order, without gaps. A leaf that is one of the roots itself reaches it: some makers name the
 * certificate of a batch.
 */
export function rootOf(
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  nowMs: number,
): X509Certificate | undefined {
  const isInForce = (one: X509Certificate): boolean =>
    Date.parse(one.validFrom) <= nowMs && nowMs <= Date.parse(one.validTo);
  if (chain.length === 0 || !chain.every(isInForce)) return undefined;
  for (const [at, certificate] of chain.entries()) {
    const root = roots.find(
      (one) => isInForce(one) && (one.raw.equals(certificate.raw) || isIssuedBy(certificate, one)),
    );
    if (root !== undefined) return root;
    const next = chain[at + 1];
    if (next === undefined || !isIssuedBy(certificate, next)) return undefined;
  }
  return undefined;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
