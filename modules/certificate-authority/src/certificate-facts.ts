import { rootCertificates } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { isSelfSigned, shown, type CertificateChain } from './certificate-chain.ts';

/** What anybody who connects is shown anyway. */
export type CertificateFacts = {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SHA-256, `AB:CD:…`. */
  readonly fingerprint: string;
  /** Certificates sent, the server's own among them. */
  readonly chainLength: number;
};

export function certificateFacts({ certificate, issuers }: Omit<CertificateChain, 'privateKey'>): CertificateFacts {
  return {
    subject: shown(certificate.subject),
    issuer: shown(certificate.issuer),
    names: (certificate.subjectAltName ?? '')
      .split(', ')
      .filter((name) => name !== '')
      .map((name) => shown(name.replace(/^(?:DNS|IP Address):/, ''))),
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
    fingerprint: certificate.fingerprint256,
    chainLength: issuers.length + 1,
  };
}

/**
 * Whether the chain ends below a root that browsers ship. If not, the reader's machines must know its issuer, or a
 * certificate between the two is missing: from here the two look alike.
 */
export function endsAtKnownRoot({ certificate, issuers }: Omit<CertificateChain, 'privateKey'>): boolean {
  const last = issuers.at(-1) ?? certificate;
  if (isSelfSigned(last)) return false;
  return rootCertificates.some((pem) => {
    const root = new X509Certificate(pem);
    return last.checkIssued(root) && last.verify(root.publicKey);
  });
}
