import { createPrivateKey } from 'node:crypto';
import { readCertificates, type CertificateChain } from './certificate-chain.ts';
import { CertificateError } from './errors.ts';
import type { SealedSecrets } from './needs.ts';

/** In PEM; holds the private key. */
export type TlsMaterial = { readonly key: string; readonly cert: string };

export function tlsMaterial({ certificate, issuers, privateKey }: CertificateChain): TlsMaterial {
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: [certificate, ...issuers].map((one) => one.toString()).join(''),
  };
}

/** Chain and key as one secret: neither rests with another's. */
export async function sealChain(secrets: SealedSecrets, name: string, chain: CertificateChain): Promise<void> {
  const { cert, key } = tlsMaterial(chain);
  const bytes = Buffer.from(`${cert}${key}`, 'ascii');
  await secrets.seal(name, bytes);
  bytes.fill(0);
}

/** What was sealed last, or undefined. It was checked then; that it is still valid is not said. Throws `certificate_sealed_unreadable`. */
export async function openChain(secrets: SealedSecrets, name: string): Promise<CertificateChain | undefined> {
  const bytes = await secrets.open(name);
  if (bytes === undefined || bytes.length === 0) return undefined;
  const pem = Buffer.from(bytes).toString('ascii');
  try {
    const [certificate, ...issuers] = readCertificates(pem);
    const privateKey = createPrivateKey(pem);
    if (certificate?.checkPrivateKey(privateKey) === true) return { certificate, issuers, privateKey };
  } catch (cause) {
    throw unreadable(name, cause);
  }
  throw unreadable(name);
}

function unreadable(name: string, cause?: unknown): CertificateError {
  return new CertificateError('certificate_sealed_unreadable', `Cannot read "${name}": must be what was sealed there`, {
    cause,
  });
}
