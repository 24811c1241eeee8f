import { X509Certificate, createPrivateKey, type KeyObject } from 'node:crypto';
import { CertificateError } from './errors.ts';
import type { SealedSecrets } from './needs.ts';

/** A certificate with its private key. */
export type KeyPairCertificate = { readonly certificate: X509Certificate; readonly privateKey: KeyObject };

/** PEM of both, as one secret: a certificate never rests with another one's key. Undefined when there is none yet. */
export async function openCertificate(secrets: SealedSecrets, name: string): Promise<KeyPairCertificate | undefined> {
  const bytes = await secrets.open(name);
  if (bytes === undefined) return undefined;
  const pem = Buffer.from(bytes).toString('ascii');
  try {
    const opened = { certificate: new X509Certificate(pem), privateKey: createPrivateKey(pem) };
    if (opened.certificate.checkPrivateKey(opened.privateKey)) return opened;
  } catch (error) {
    throw unreadable(name, error);
  }
  throw unreadable(name);
}

export async function sealCertificate(secrets: SealedSecrets, name: string, pair: KeyPairCertificate): Promise<void> {
  const bytes = Buffer.from(
    `${pair.certificate.toString()}${pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()}`,
    'ascii',
  );
  await secrets.seal(name, bytes);
  bytes.fill(0);
}

/** Never answered by making a new authority: clients would refuse it, or be taught to trust whatever comes. */
export function unreadable(name: string, cause?: unknown): CertificateError {
  return new CertificateError(
    'authority_unreadable',
    `Cannot read "${name}" of the certificate authority: must be what was sealed there`,
    { cause },
  );
}
