import { X509Certificate, type KeyObject } from 'node:crypto';
import { CertificateError } from './errors.ts';
import { pemBlocks } from './pem-blocks.ts';

/** A server's certificate, then its issuers in order, and the private key of the first. */
export type CertificateChain = {
  readonly certificate: X509Certificate;
  readonly issuers: readonly X509Certificate[];
  readonly privateKey: KeyObject;
};

const maxCertificates = 10;

/** Every certificate in the text. Throws `certificate_unreadable`. */
export function readCertificates(text: string): X509Certificate[] {
  const blocks = pemBlocks(text).filter(({ label }) => label === 'CERTIFICATE' || label === 'TRUSTED CERTIFICATE');
  if (blocks.length === 0 || blocks.length > maxCertificates) {
    throw new CertificateError(
      'certificate_unreadable',
      `Cannot use ${blocks.length} certificates: must be 1 to ${maxCertificates}, in PEM`,
      { hint: 'a PEM file begins with -----BEGIN CERTIFICATE-----; of a .pfx or .p12: openssl pkcs12 -in FILE -nodes' },
    );
  }
  return blocks.map(({ text: pem }, at) => {
    try {
      return new X509Certificate(pem);
    } catch (cause) {
      throw new CertificateError(
        'certificate_unreadable',
        `Cannot read certificate ${at + 1}: must be an X.509 certificate in PEM`,
        { cause, hint: 'copy the whole file, with its first and last line' },
      );
    }
  });
}

/**
 * `leaf` and those of `others` that lead up from it, each checked to have signed the one before; a root at the end is left
 * out, as clients have it or must not take it from here. Others in any order. Throws `certificate_chain_broken`.
 */
export function issuersOf(leaf: X509Certificate, others: readonly X509Certificate[]): X509Certificate[] {
  const left = others.filter((one) => one.fingerprint256 !== leaf.fingerprint256);
  const found: X509Certificate[] = [];
  let current = leaf;
  for (;;) {
    const child = current;
    const at = left.findIndex((one) => one.ca && child.checkIssued(one) && child.verify(one.publicKey));
    const [issuer] = at === -1 ? [] : left.splice(at, 1);
    if (issuer === undefined) break;
    found.push(issuer);
    current = issuer;
  }
  const stray = left.find((one) => !found.some((used) => used.fingerprint256 === one.fingerprint256));
  if (stray !== undefined) {
    throw new CertificateError(
      'certificate_chain_broken',
      `Cannot use ${JSON.stringify(shown(stray.subject))}: must have signed ${JSON.stringify(shown(current.subject))} or one below it`,
      {
        hint: `give the server’s certificate and the chain up from ${JSON.stringify(shown(current.issuer))}, nothing else`,
      },
    );
  }
  return found.filter((one) => !isSelfSigned(one));
}

export function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

/** A name from a certificate, for a message. */
export function shown(name: string): string {
  return name.replaceAll(/\p{C}+/gu, ', ').slice(0, 120);
}
