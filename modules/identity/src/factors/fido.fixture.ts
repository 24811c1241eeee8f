// A FIDO Alliance and a maker of authenticators of our own: real certificates, a signed metadata file, real attestations.
// A library uses it and leaves it to whoever uses the library to load it first.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { CompactSign } from 'jose';
import type { Maker } from './software-authenticator.fixture.ts';

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const [notBefore, notAfter] = [new Date('2020-01-01'), new Date('2049-01-01')];

export type Authority = { readonly certificate: x509.X509Certificate; readonly keys: webcrypto.CryptoKeyPair };

export async function createAuthority(name: string): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore,
    notAfter,
    keys,
    signingAlgorithm: ecdsa,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return { certificate, keys };
}

/** A key certified by `by`; for attestations the name is as WebAuthn section 8.2.1 wants it. */
export async function certify(by: Authority, name: string, extensions: x509.Extension[] = []): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: name,
    issuer: by.certificate.subject,
    notBefore,
    notAfter,
    signingKey: by.keys.privateKey,
    publicKey: keys.publicKey,
    signingAlgorithm: ecdsa,
    extensions: [new x509.BasicConstraintsExtension(false), ...extensions],
  });
  return { certificate, keys };
}

export async function createMaker(root: Authority, extensions: x509.Extension[] = []): Promise<Maker> {
  const leaf = await certify(root, 'C=IN, O=Maker, OU=Authenticator Attestation, CN=Key 5', extensions);
  return { chain: [derOf(leaf)], key: KeyObject.from(leaf.keys.privateKey) };
}

export type Entry = { readonly aaguid: string; readonly statuses: readonly string[]; readonly root?: Authority };

/** As the FIDO Alliance publishes it, signed by `signer`. */
export function signMetadata(
  signer: Authority,
  content: { readonly no: number; readonly entries: readonly Entry[]; readonly nextUpdate?: string },
): Promise<string> {
  const entries = content.entries.map(({ aaguid, statuses, root }) => ({
    aaguid,
    metadataStatement: {
      description: `Key of ${aaguid.slice(0, 8)}`,
      attestationRootCertificates: root === undefined ? [] : [Buffer.from(derOf(root)).toString('base64')],
      icon: 'data:image/png;base64,',
    },
    statusReports: statuses.map((status) => ({ status, effectiveDate: '2024-01-01' })),
    timeOfLastStatusChange: '2024-01-01',
  }));
  const payload = { legalHeader: '', no: content.no, nextUpdate: content.nextUpdate ?? '2027-06-01', entries };
  return signJson(signer, payload);
}

export function signJson(signer: Authority, payload: unknown, above: readonly Authority[] = []): Promise<string> {
  const x5c = [signer, ...above].map((one) => Buffer.from(derOf(one)).toString('base64'));
  return new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256', x5c })
    .sign(signer.keys.privateKey);
}

export function pemOf({ certificate }: Authority): string {
  return certificate.toString('pem');
}

/** The extension with which a maker says for which model a certificate is (id-fido-gen-ce-aaguid). */
export function aaguidExtension(aaguid: string): x509.Extension {
  const value = Buffer.concat([Buffer.from('0410', 'hex'), Buffer.from(aaguid.replaceAll('-', ''), 'hex')]);
  return new x509.Extension('1.3.6.1.4.1.45724.1.1.4', false, value);
}

/** Where revocations are published, for whoever asks. */
export function revocationList(address: string): x509.Extension {
  return new x509.CRLDistributionPointsExtension([address]);
}

function derOf({ certificate }: Authority): Uint8Array {
  return new Uint8Array(certificate.rawData);
}
