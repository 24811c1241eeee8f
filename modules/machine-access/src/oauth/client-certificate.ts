import { X509Certificate } from 'node:crypto';
import type { Credential } from '../accounts/account.ts';
import { subjectOf } from '../accounts/credential-parsing.ts';
import { certificateThumbprint } from '../tokens/binding.ts';

const clientAuthentication = '1.3.6.1.5.5.7.3.2';
const anyPurpose = '2.5.29.37.0';

/**
 * The credential of an account that this certificate is (RFC 8705 section 2). Whoever shows it holds its key: TLS has seen to
 * that. By name it must come from the authority registered with the name, directly; nobody is asked whether it was revoked.
 */
export function credentialOfCertificate(
  der: Uint8Array,
  credentials: readonly Credential[],
  nowMs: number,
): Credential | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch {
    return undefined;
  }
  if (Date.parse(certificate.validFrom) > nowMs || !(Date.parse(certificate.validTo) > nowMs)) return undefined;
  const thumbprint = certificateThumbprint(der);
  return credentials.find((credential) => {
    if (credential.kind === 'certificate') return credential.thumbprint === thumbprint;
    return credential.kind === 'certificate-name' && isNamed(certificate, credential, nowMs);
  });
}

function isNamed(
  certificate: X509Certificate,
  { authorityPem, name }: Credential & { readonly kind: 'certificate-name' },
  nowMs: number,
): boolean {
  const authority = new X509Certificate(authorityPem);
  if (!(Date.parse(authority.validTo) > nowMs) || certificate.ca) return false;
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) return false;
  const purposes = certificate.keyUsage;
  if (purposes !== undefined && !purposes.includes(clientAuthentication) && !purposes.includes(anyPurpose))
    return false;
  switch (name.type) {
    case 'subject':
      return subjectOf(certificate) === name.value.replaceAll(/\s*,\s*/g, ',');
    case 'san_dns':
      return alternativeNames(certificate, 'DNS').some((dns) => dns.toLowerCase() === name.value.toLowerCase());
    case 'san_uri':
      return alternativeNames(certificate, 'URI').includes(name.value);
  }
}

/** Node writes `DNS:a, URI:"b, DNS:c"`: what holds a comma or quote is a JSON string, so that no name poses as two. */
export function alternativeNames(
  { subjectAltName = '' }: Pick<X509Certificate, 'subjectAltName'>,
  type: string,
): string[] {
  const found = subjectAltName.matchAll(/([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/g);
  return [...found].flatMap(([, kind, value = '']) => {
    if (kind !== type) return [];
    if (!value.startsWith('"')) return [value];
    const read: unknown = JSON.parse(value);
    return typeof read === 'string' ? [read] : [];
  });
}
