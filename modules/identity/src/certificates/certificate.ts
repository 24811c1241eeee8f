import { createHash, X509Certificate } from 'node:crypto';
import { readCertificateNames, shownName, type CertificateNames } from './certificate-names.ts';
import {
  DerFault,
  derReader,
  derWithin,
  readBits,
  readBoolean,
  readOid,
  readSmallInteger,
  readTime,
  tags,
} from './der.ts';
import { readNameConstraints, type NameConstraints } from './name-constraints.ts';
import { isGoodKey, readSignatureAlgorithm } from './signature-algorithm.ts';

/** A certificate as we read it ourselves; only signatures and keys are left to OpenSSL. */
export type Certificate = {
  readonly der: Uint8Array;
  readonly x509: X509Certificate;
  /** SHA-256 of all of it. */
  readonly thumbprint: string;
  /** Bytes of the number, in hexadecimal. */
  readonly serial: string;
  /** Content of the names, as they stand there: names are the same when their bytes are. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly shownSubject: string;
  readonly shownIssuer: string;
  readonly validFromMs: number;
  readonly validToMs: number;
  /** Signed with what can be relied on, about a key that can be. */
  readonly isStrong: boolean;
  readonly isAuthority: boolean;
  /** Authorities that may stand below it, but for those that issued themselves. */
  readonly pathLength: number | undefined;
  /** Undefined when it does not say. */
  readonly keyUsage: ReadonlySet<number> | undefined;
  readonly purposes: readonly string[] | undefined;
  readonly policies: readonly string[];
  /** It asks that a policy holds along the whole path, or that none stands for any. */
  readonly needsPolicy: boolean;
  readonly forbidsAnyPolicy: boolean;
  readonly names: CertificateNames;
  readonly nameConstraints: NameConstraints | undefined;
  /** Where it says its list of revocations is. Nobody is asked there; lists that are for some addresses alone are told by it. */
  readonly revocationPoints: readonly string[];
  /** It demands something that is not understood here. */
  readonly hasUnknownDemand: boolean;
};

export const keyUsages = { digitalSignature: 0, keyCertSign: 5, cRLSign: 6 } as const;
const maxBytes = 8192;
const oids = {
  keyUsage: '2.5.29.15',
  alternativeNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  revocationPoints: '2.5.29.31',
  policies: '2.5.29.32',
  policyConstraints: '2.5.29.36',
  purposes: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
} as const;
/** Whatever they say, it makes nothing allowed that would not be. */
const harmless = new Set(['2.5.29.14', '2.5.29.35', '2.5.29.18', '1.3.6.1.5.5.7.1.1', '1.3.6.1.5.5.7.1.3']);
const known = new Set<string>([...Object.values(oids), ...harmless]);

/** Undefined for whatever is no certificate of version 3 that can be read to its end. Never throws, however long it looks. */
export function readCertificate(der: Uint8Array): Certificate | undefined {
  if (der.length > maxBytes) return undefined;
  try {
    return parse(der);
  } catch (error) {
    if (error instanceof DerFault) return undefined;
    throw error;
  }
}

/** The certificates of a PEM text, or undefined when one of them cannot be read or there is something else in it. */
export function readPem(text: string, max: number): readonly Certificate[] | undefined {
  const blocks = [
    ...text.matchAll(/-----BEGIN CERTIFICATE-----\s([A-Za-z0-9+/=\s]{1,16384})-----END CERTIFICATE-----/g),
  ];
  if (blocks.length === 0 || blocks.length > max || text.includes('PRIVATE KEY')) return undefined;
  const all = blocks.map(([, base64 = '']) => readCertificate(Buffer.from(base64, 'base64')));
  return all.every((one) => one !== undefined) ? all : undefined;
}

export function pemOf({ der }: Pick<Certificate, 'der'>): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** What lists of revocations are kept under: the name and the key of who issues them. */
export function issuerIdOf({ subject, x509 }: Pick<Certificate, 'subject' | 'x509'>): string {
  const key = x509.publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(subject).update('\0').update(key).digest('hex');
}

function parse(der: Uint8Array): Certificate {
  const whole = derWithin(der);
  const signed = derReader(whole.take(tags.sequence));
  const algorithm = whole.take(tags.sequence);
  whole.take(tags.bitString);
  whole.end();

  const version = signed.take(0xa0);
  if (readSmallInteger(derReader(version).take(tags.integer)) !== 2) throw new DerFault('Cannot read this version');
  const serial = signed.take(tags.integer);
  if (serial.length === 0 || serial.length > 21) throw new DerFault('Cannot read the serial number');
  const innerAlgorithm = signed.take(tags.sequence);
  const issuer = signed.take(tags.sequence);
  const validity = derReader(signed.take(tags.sequence));
  const [validFromMs, validToMs] = [readTime(validity.next()), readTime(validity.next())];
  validity.end();
  const subject = signed.take(tags.sequence);
  signed.take(tags.sequence);
  signed.maybe(0x81);
  signed.maybe(0x82);
  const extensions = readExtensions(signed.maybe(0xa3));
  signed.end();

  const x509 = openWithNode(der);
  const isSameAlgorithm = Buffer.from(algorithm).equals(innerAlgorithm);
  const found = readKnown(extensions);
  return {
    der,
    x509,
    thumbprint: createHash('sha256').update(der).digest('hex'),
    serial: Buffer.from(serial).toString('hex'),
    issuer,
    subject,
    shownSubject: shownName(subject),
    shownIssuer: shownName(issuer),
    validFromMs,
    validToMs,
    isStrong: isSameAlgorithm && readSignatureAlgorithm(algorithm) !== undefined && isGoodKey(x509.publicKey),
    ...found,
    hasUnknownDemand: [...extensions].some(([oid, { isCritical }]) => isCritical && !known.has(oid)),
  };
}

/** What OpenSSL cannot make sense of is none for us either: its key could not be used. */
function openWithNode(der: Uint8Array): X509Certificate {
  try {
    const x509 = new X509Certificate(der);
    if (x509.publicKey.type === 'public' && x509.raw.equals(der)) return x509;
  } catch {
    // As below.
  }
  throw new DerFault('Cannot read this certificate');
}

type Extension = { readonly isCritical: boolean; readonly value: Uint8Array };

/** Each at most once (RFC 5280 section 4.2): of two, each reader would believe another. Throws `DerFault`. */
export function readExtensions(explicit: Uint8Array | undefined): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>();
  if (explicit === undefined) return found;
  const list = derWithin(explicit);
  while (!list.isAtEnd) {
    const one = derReader(list.take(tags.sequence));
    const oid = readOid(one.take(tags.oid));
    const critical = one.maybe(tags.boolean);
    const value = one.take(tags.octetString);
    one.end();
    if (found.has(oid)) throw new DerFault('Cannot read extensions: one stands there twice');
    found.set(oid, { isCritical: critical !== undefined && readBoolean(critical), value });
  }
  return found;
}

function readKnown(extensions: ReadonlyMap<string, Extension>) {
  const valueOf = (oid: string): Uint8Array | undefined => extensions.get(oid)?.value;
  const basic = valueOf(oids.basicConstraints);
  const usage = valueOf(oids.keyUsage);
  const purposes = valueOf(oids.purposes);
  const constraints = valueOf(oids.nameConstraints);
  const limits = valueOf(oids.policyConstraints);
  return {
    ...readBasicConstraints(basic),
    keyUsage: usage === undefined ? undefined : readBits(contentOf(usage, tags.bitString)),
    purposes: purposes === undefined ? undefined : readOids(purposes),
    policies: readPolicies(valueOf(oids.policies)),
    needsPolicy: limits !== undefined && derWithin(limits).maybe(0x80) !== undefined,
    forbidsAnyPolicy: valueOf(oids.inhibitAnyPolicy) !== undefined,
    names: readCertificateNames(valueOf(oids.alternativeNames)),
    nameConstraints: constraints === undefined ? undefined : readNameConstraints(constraints),
    revocationPoints: readRevocationPoints(valueOf(oids.revocationPoints)),
  };
}

function contentOf(der: Uint8Array, tag: number): Uint8Array {
  const reader = derReader(der);
  const content = reader.take(tag);
  reader.end();
  return content;
}

function readBasicConstraints(der: Uint8Array | undefined): {
  readonly isAuthority: boolean;
  readonly pathLength: number | undefined;
} {
  if (der === undefined) return { isAuthority: false, pathLength: undefined };
  const reader = derWithin(der);
  const authority = reader.maybe(tags.boolean);
  const length = reader.maybe(tags.integer);
  reader.end();
  return {
    isAuthority: authority !== undefined && readBoolean(authority),
    pathLength: length === undefined ? undefined : readSmallInteger(length),
  };
}

function readOids(der: Uint8Array): string[] {
  const reader = derWithin(der);
  const found: string[] = [];
  while (!reader.isAtEnd) found.push(readOid(reader.take(tags.oid)));
  return found;
}

function readPolicies(der: Uint8Array | undefined): string[] {
  if (der === undefined) return [];
  const reader = derWithin(der);
  const found: string[] = [];
  while (!reader.isAtEnd) found.push(readOid(derReader(reader.take(tags.sequence)).take(tags.oid)));
  return found;
}

/** The addresses in a list of distribution points; what else may stand there names none. Throws `DerFault`. */
function readRevocationPoints(der: Uint8Array | undefined): string[] {
  if (der === undefined) return [];
  const reader = derWithin(der);
  const found: string[] = [];
  while (!reader.isAtEnd) found.push(...addressesOfPoint(derReader(reader.take(tags.sequence)).maybe(0xa0)));
  return found;
}

/** Of a DistributionPointName: only full names. Throws `DerFault`. */
export function addressesOfPoint(name: Uint8Array | undefined): string[] {
  const full = name === undefined ? undefined : derReader(name).maybe(0xa0);
  if (full === undefined) return [];
  const reader = derReader(full);
  const found: string[] = [];
  while (!reader.isAtEnd) {
    const { tag, content } = reader.next();
    if (tag === 0x86) found.push(Buffer.from(content).toString('latin1'));
  }
  return found;
}
