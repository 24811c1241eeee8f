// The polyfill must be there before @peculiar/x509, whose dependency injection needs it.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata';
import { KeyObject, X509Certificate, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate as ParsedCertificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { decodeNameConstraints, encodeNameConstraints, nameConstraintsOid } from './name-constraints.ts';
import type { KeyPairCertificate } from './sealed-certificate.ts';
import type { PermittedNames, ServerName } from './server-name.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export type Validity = { readonly serialNumber: string; readonly notBefore: Date; readonly notAfter: Date };

/** A self-signed authority (RFC 5280): no authorities below it, no other names than permitted, signing of certificates and CRLs only. */
export async function issueAuthority(
  commonName: string,
  permitted: PermittedNames,
  validity: Validity,
): Promise<KeyPairCertificate> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const issued = await X509CertificateGenerator.createSelfSigned(
    {
      ...validity,
      name: `CN=${commonName}`,
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        new Extension(nameConstraintsOid, true, encodeNameConstraints(permitted)),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return { certificate: new X509Certificate(issued.toString('pem')), privateKey: KeyObject.from(keys.privateKey) };
}

/** The names this authority may vouch for, as its certificate says; undefined when it is none of ours. */
export function permittedBy(authority: X509Certificate): PermittedNames | undefined {
  const extension = new ParsedCertificate(authority.raw).getExtension(nameConstraintsOid);
  return extension === null ? undefined : decodeNameConstraints(new Uint8Array(extension.value));
}

/** A certificate for a TLS server with a key of its own. */
export async function issueServer(
  authority: KeyPairCertificate,
  names: readonly ServerName[],
  validity: Validity,
): Promise<KeyPairCertificate> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const signingKey = authority.privateKey.toCryptoKey(algorithm, false, ['sign']);
  const authorityKey = authority.certificate.publicKey.toCryptoKey(algorithm, true, ['verify']);
  const issued = await X509CertificateGenerator.create(
    {
      ...validity,
      // Not a host name: clients must go by the alternative names.
      subject: 'CN=Sallyport server',
      issuer: authority.certificate.subject,
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth], false),
        new SubjectAlternativeNameExtension(names.map(({ kind, value }) => ({ type: kind, value }))),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        await AuthorityKeyIdentifierExtension.create(authorityKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return { certificate: new X509Certificate(issued.toString('pem')), privateKey: KeyObject.from(keys.privateKey) };
}
