import { createHash } from 'node:crypto';
import type { X509Certificate } from 'node:crypto';
import type { SourceOwner } from '../sources/sources.ts';

/** Who sends syslog: an address, or whoever a certificate names. Each of the two has names of its own. */
export type Sender = {
  readonly kind: 'address' | 'certificate';
  readonly name: string;
  readonly address: string;
};

const maxSourceName = 64;
/** As names are made here: nobody is called so already. */
const looksMade = /^(?:others|(?:.*-)?[0-9a-f]{12})$/;

export function addressSender(address: string): Sender {
  return { kind: 'address', name: address, address };
}

/** Named by its first DNS name, else the common name, else by its fingerprint. The certificate must have been verified. */
export function certificateSender(certificate: X509Certificate, address: string): Sender {
  const [alternative] = (certificate.subjectAltName ?? '')
    .split(', ')
    .flatMap((entry) => /^DNS:([\w.*-]+)$/.exec(entry)?.[1] ?? []);
  const common = /^CN=(.+)$/m.exec(certificate.subject ?? '')?.[1];
  const fingerprint = `sha256-${certificate.fingerprint256.replaceAll(':', '').toLowerCase().slice(0, 32)}`;
  return { kind: 'certificate', name: alternative ?? common ?? fingerprint, address };
}

/** The same sender always, and no other one: what does not fit a source's name is made to and marked with a hash. */
export function sourceNameOf({ kind, name }: Sender): string {
  if (kind === 'address')
    return name
      .replaceAll(':', '-')
      .replace(/^-/, '0-')
      .replaceAll(/[^\w.-]/g, '_')
      .slice(0, maxSourceName);
  if (name.length <= maxSourceName && /^[A-Za-z0-9][\w.-]*$/.test(name) && !looksMade.test(name)) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 12);
  const plain = name
    .replaceAll(/[^\w.-]/g, '_')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, maxSourceName - 13);
  return plain === '' ? hash : `${plain}-${hash}`;
}

/** Who sends without a key. Names of certificates are a space of their own, so that none can pose as an address. */
export function ownerOf({ kind }: Sender): SourceOwner {
  return kind === 'certificate'
    ? { kind: 'system', id: 'syslog-tls', name: 'Syslog with a certificate' }
    : { kind: 'system', id: 'syslog', name: 'Syslog listeners' };
}
