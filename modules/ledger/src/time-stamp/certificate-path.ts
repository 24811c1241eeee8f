// RFC 5280 section 6, as much as the certificates of time-stamping authorities need; what is not understood is refused.
import { X509Certificate, createHash } from 'node:crypto';
import { fromBER } from 'asn1js';
import { BasicConstraints, Certificate } from 'pkijs';
import { extensionTypes, keyPurposes } from './object-identifiers.ts';
import { readElement } from './parse-token.ts';

/** One certificate, read twice: by OpenSSL for names, keys and signatures, by us for what its extensions allow. */
export type ReadCertificate = {
  readonly der: Buffer;
  readonly x509: X509Certificate;
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly serialNumber: Buffer;
  readonly isAuthority: boolean;
  /** How many authorities may stand between it and the signer. */
  readonly pathLength: number;
  /** Undefined: for anything. */
  readonly purposes: readonly string[] | undefined;
  readonly isPurposeCritical: boolean;
  readonly maySignCertificates: boolean;
  readonly maySign: boolean;
  readonly unknownCritical: readonly string[];
  readonly isSignedWithOldHash: boolean;
};

const maxPathLength = 6;
/** Certificates of a path and those that only might belong to it. */
const maxCertificates = 32;
const understood: ReadonlySet<string> = new Set([
  extensionTypes.keyUsage,
  extensionTypes.basicConstraints,
  extensionTypes.certificatePolicies,
  extensionTypes.extendedKeyUsage,
]);
const oldHashes: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.4',
  '1.2.840.113549.1.1.5',
  '1.2.840.10045.4.1',
  '1.2.840.10040.4.3',
]);

/** Throws when it cannot be read. */
export function readCertificate(der: Buffer): ReadCertificate {
  const x509 = new X509Certificate(der);
  const certificate = new Certificate({ schema: readElement(der) });
  const extensions = certificate.extensions ?? [];
  const extension = (type: string) => {
    const found = extensions.filter(({ extnID }) => extnID === type);
    if (found.length > 1) throw new Error('it has an extension twice');
    return found[0];
  };
  const purposes = extension(extensionTypes.extendedKeyUsage);
  const usage = extension(extensionTypes.keyUsage);
  const usageBits = usage === undefined ? undefined : keyUsageBits(usage.extnValue.getValue());
  const constraints: unknown = extension(extensionTypes.basicConstraints)?.parsedValue;
  const limit = constraints instanceof BasicConstraints && constraints.cA ? constraints.pathLenConstraint : undefined;
  return {
    der,
    x509,
    subject: Buffer.from(certificate.subject.toSchema().toBER()),
    issuer: Buffer.from(certificate.issuer.toSchema().toBER()),
    serialNumber: Buffer.from(certificate.serialNumber.valueBlock.valueHexView),
    isAuthority: x509.ca,
    pathLength: typeof limit === 'number' ? limit : maxPathLength,
    purposes: purposes === undefined ? undefined : purposesOf(purposes.parsedValue),
    isPurposeCritical: purposes?.critical === true,
    maySignCertificates: usageBits === undefined || (usageBits & 0x04) !== 0,
    // digitalSignature or nonRepudiation.
    maySign: usageBits === undefined || (usageBits & 0xc0) !== 0,
    unknownCritical: extensions.flatMap(({ extnID, critical }) =>
      critical && !understood.has(extnID) ? [extnID] : [],
    ),
    isSignedWithOldHash: oldHashes.has(certificate.signatureAlgorithm.algorithmId),
  };
}

/** The authorities in a PEM file. Throws when there is none, or one that cannot be read. */
export function readAuthorities(pem: string): readonly ReadCertificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error('it holds no certificate in PEM');
  if (blocks.length > maxCertificates) throw new Error(`it holds more than ${maxCertificates} certificates`);
  return blocks.map((block) => readCertificate(Buffer.from(new X509Certificate(block).raw)));
}

export type CertificatePath =
  | { readonly ok: true; readonly root: ReadCertificate }
  | { readonly ok: false; readonly reason: string };

/**
 * Whether signatures lead from the signer to one of the authorities, each certificate valid at that time and allowed what it
 * does. An authority that is given is believed, whoever signed it; the signer itself may be one.
 */
export function findPath(question: {
  readonly signer: ReadCertificate;
  readonly others: readonly ReadCertificate[];
  readonly authorities: readonly ReadCertificate[];
  readonly atMs: number;
}): CertificatePath {
  const { signer, authorities, atMs } = question;
  const others = question.others.slice(0, maxCertificates);
  let reason = `no path leads from its certificate to an authority you trust; "${nameOf(signer.x509.issuer)}" issued it`;
  // Step by step away from the signer, each certificate once and where it stands nearest: where every one has signed every other
  // there are more paths than anybody can walk, and what a longer one allows, a shorter one does.
  const reached = new Set<ReadCertificate>([signer]);
  let nearest: readonly ReadCertificate[] = [signer];
  for (let above = 0; nearest.length > 0; above += 1) {
    const next: ReadCertificate[] = [];
    for (const from of nearest) {
      if (!isValidAt(from, atMs)) {
        reason = `the certificate of "${nameOf(from.x509.subject)}" was not valid at that time`;
        continue;
      }
      const root = authorities.find(({ der }) => der.equals(from.der));
      if (root !== undefined) return { ok: true, root };
      if (above >= maxPathLength || from.isSignedWithOldHash) continue;
      for (const issuer of [...authorities, ...others]) {
        if (reached.has(issuer) || !issuer.subject.equals(from.issuer)) continue;
        const fault = issuerFault(issuer, from, above);
        if (fault !== undefined) {
          reason = fault;
          continue;
        }
        reached.add(issuer);
        next.push(issuer);
      }
    }
    nearest = next;
  }
  return { ok: false, reason };
}

function issuerFault(issuer: ReadCertificate, issued: ReadCertificate, below: number): string | undefined {
  const name = nameOf(issuer.x509.subject);
  if (!issuer.isAuthority || !issuer.maySignCertificates) return `the certificate of "${name}" may not issue others`;
  if (issuer.pathLength < below) return `the certificate of "${name}" allows no path as long`;
  if (issuer.unknownCritical.length > 0)
    return `the certificate of "${name}" has a critical extension that is not understood here (${issuer.unknownCritical.join(', ')})`;
  const { purposes } = issuer;
  if (purposes !== undefined && !purposes.includes(keyPurposes.timeStamping) && !purposes.includes(keyPurposes.any))
    return `the certificate of "${name}" is for other uses than time-stamping`;
  return issued.x509.verify(issuer.x509.publicKey) ? undefined : `"${name}" has not signed the certificate below it`;
}

function isValidAt({ x509 }: ReadCertificate, atMs: number): boolean {
  return atMs >= Date.parse(x509.validFrom) && atMs <= Date.parse(x509.validTo);
}

/** The common name, else all of it on one line. */
export function nameOf(distinguishedName: string): string {
  const common = /^CN=(.+)$/m.exec(distinguishedName)?.[1];
  return (common ?? distinguishedName.replaceAll('\n', ', ')).slice(0, 200);
}

export function fingerprintOf({ der }: Pick<ReadCertificate, 'der'>): string {
  return createHash('sha256').update(der).digest('hex');
}

/** Of the first byte, from digitalSignature (0x80) down. */
function keyUsageBits(value: ArrayBuffer): number {
  const { result } = fromBER(value);
  const bytes = new Uint8Array(result.toBER());
  return bytes[3] ?? 0;
}

function purposesOf(parsed: unknown): readonly string[] {
  const purposes: unknown =
    typeof parsed === 'object' && parsed !== null && 'keyPurposes' in parsed ? parsed.keyPurposes : [];
  return Array.isArray(purposes) ? purposes.filter((one): one is string => typeof one === 'string') : [];
}
