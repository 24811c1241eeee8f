import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { codeOf } from '@sallyport/platform/errors';
import { isSelfSigned, issuersOf, readCertificates, shown, type CertificateChain } from './certificate-chain.ts';
import { CertificateError } from './errors.ts';
import { isOpenedSoon } from './key-encryption.ts';
import { pemBlocks } from './pem-blocks.ts';
import { parseServerName } from './server-name.ts';

const serverAuthOid = '1.3.6.1.5.5.7.3.1';
const anyUsageOid = '2.5.29.37.0';
/** Elliptic curves that TLS 1.3 and every browser have. Browsers have no Ed25519 for certificates. */
const curves = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const leastRsaBits = 2048;
/** Whoever signed it a moment ago may have a clock that is ahead of ours. */
const clockToleranceMs = 5 * 60 * 1000;

/**
 * A server's certificate with chain and key out of PEM text in any order, checked so that what is accepted works: the key
 * fits and is strong enough, the chain holds, it is for servers and for every one of `names`, now. The texts are untrusted;
 * no error quotes them. Throws `CertificateError` that says what to do.
 */
export function checkCertificate(
  pem: { readonly chain: string; readonly key: string; readonly passphrase?: string | undefined },
  wanted: { readonly names: readonly string[]; readonly nowMs: number },
): CertificateChain {
  // One file may hold both.
  const text = `${pem.chain}\n${pem.key}`;
  const certificates = readCertificates(text);
  const privateKey = readKey(text, pem.passphrase);
  const certificate = certificates.find((one) => one.checkPrivateKey(privateKey));
  if (certificate === undefined) {
    throw new CertificateError(
      'certificate_key_mismatch',
      `Cannot use this key: must belong to ${JSON.stringify(shown(certificates[0]?.subject ?? ''))}`,
      { hint: 'take the key that the certificate was requested with' },
    );
  }
  const chain = { certificate, issuers: issuersOf(certificate, certificates), privateKey };
  checkUse(certificate);
  checkStrength(privateKey);
  checkTime([certificate, ...chain.issuers], wanted.nowMs);
  checkNames(certificate, wanted.names);
  return chain;
}

function readKey(text: string, passphrase: string | undefined): KeyObject {
  const keys = pemBlocks(text).filter(({ label }) => label.endsWith('PRIVATE KEY'));
  const [key] = keys;
  if (key === undefined || keys.length > 1) {
    throw new CertificateError(
      'private_key_unreadable',
      `Cannot use ${keys.length} private keys: must be one, in PEM`,
      {
        hint: 'its file begins with -----BEGIN PRIVATE KEY-----, or with EC or RSA before PRIVATE',
      },
    );
  }
  const isEncrypted = key.label.startsWith('ENCRYPTED') || key.text.includes('Proc-Type: 4,ENCRYPTED');
  if (isEncrypted && (passphrase === undefined || passphrase === '')) {
    throw new CertificateError('private_key_encrypted', 'Cannot open the private key: it needs its passphrase', {
      hint: 'give the passphrase too; the key is sealed anew in this server’s vault',
    });
  }
  if (key.label.startsWith('ENCRYPTED') && !isOpenedSoon(derOf(key.text))) {
    throw new CertificateError(
      'private_key_unreadable',
      'Cannot open the private key: it is encrypted at too high a cost',
      {
        hint: 'encrypt it anew: openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW',
      },
    );
  }
  try {
    return createPrivateKey(isEncrypted ? { key: key.text, passphrase: passphrase ?? '' } : key.text);
  } catch (cause) {
    // Whatever OpenSSL says of it stays out: nothing of a key belongs into a message.
    throw isEncrypted
      ? new CertificateError('private_key_encrypted', 'Cannot open the private key: the passphrase must be its own', {
          details: { reason: codeOf(cause) ?? 'unknown' },
        })
      : new CertificateError(
          'private_key_unreadable',
          'Cannot read the private key: must be PKCS#8, EC or RSA in PEM',
          {
            details: { reason: codeOf(cause) ?? 'unknown' },
            hint: 'copy the whole file, with its first and last line',
          },
        );
  }
}

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[^-]*-----/g, ''), 'base64');
}

function checkUse(certificate: X509Certificate): void {
  // A certificate somebody signed for one server of their own is fine; one that may sign others is not.
  if (certificate.ca) {
    throw new CertificateError(
      'certificate_is_authority',
      `Cannot serve with ${JSON.stringify(shown(certificate.subject))}: must be a server’s certificate, not an authority’s`,
      { hint: 'sign a certificate for the server with it, and keep its key away from servers' },
    );
  }
  const usages = certificate.keyUsage;
  const serves = usages === undefined || usages.includes(serverAuthOid) || usages.includes(anyUsageOid);
  if (!serves) {
    throw new CertificateError(
      'certificate_not_for_servers',
      `Cannot serve with ${JSON.stringify(shown(certificate.subject))}: must be issued for TLS servers (serverAuth)`,
    );
  }
  const signature = certificate.signatureAlgorithm?.toLowerCase() ?? '';
  if (!isSelfSigned(certificate) && /md5|sha1(?!\d)|sha-1$/.test(signature)) {
    throw new CertificateError(
      'certificate_key_weak',
      `Cannot serve with a certificate signed by ${JSON.stringify(shown(signature))}: must be SHA-256 or better`,
    );
  }
}

function checkStrength(key: KeyObject): void {
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails: details = {} } = key;
  const bits = details.modulusLength ?? 0;
  if ((type === 'rsa' || type === 'rsa-pss') && bits >= leastRsaBits) return;
  if (type === 'ec' && curves.has(details.namedCurve ?? '')) return;
  const what = type === 'ec' ? (details.namedCurve ?? 'an unknown curve') : bits > 0 ? `${type} of ${bits} bits` : type;
  throw new CertificateError(
    'certificate_key_weak',
    `Cannot serve with a key "${what}": must be RSA of at least ${leastRsaBits} bits, or ECDSA on P-256, P-384 or P-521`,
  );
}

function checkTime(chain: readonly X509Certificate[], nowMs: number): void {
  for (const one of chain) {
    if (one.validToDate.getTime() <= nowMs) {
      throw new CertificateError(
        'certificate_expired',
        `Cannot use ${JSON.stringify(shown(one.subject))}: it expired on ${one.validToDate.toISOString()}`,
        { hint: 'renew it where it came from' },
      );
    }
    if (one.validFromDate.getTime() > nowMs + clockToleranceMs) {
      throw new CertificateError(
        'certificate_not_yet_valid',
        `Cannot use ${JSON.stringify(shown(one.subject))}: it is valid from ${one.validFromDate.toISOString()}`,
        { hint: 'is the clock of this machine right?' },
      );
    }
  }
}

function checkNames(certificate: X509Certificate, names: readonly string[]): void {
  const missing = names.filter((name) => !isFor(certificate, name));
  if (missing.length === 0) return;
  const has = (certificate.subjectAltName ?? 'no name').slice(0, 300);
  throw new CertificateError(
    'certificate_names_missing',
    `Cannot serve ${missing.map((name) => JSON.stringify(name)).join(', ')} with a certificate for ${shown(has)}`,
    { hint: 'browsers go by the alternative names, not the common name', details: { missing } },
  );
}

/** Whether a browser would accept the certificate for this name: alternative names only (RFC 9525). */
export function isFor(certificate: X509Certificate, name: string): boolean {
  const { kind, value } = parseServerName(name);
  if (kind === 'ip') return certificate.checkIP(value) !== undefined;
  return certificate.checkHost(value, { subject: 'never' }) !== undefined;
}
