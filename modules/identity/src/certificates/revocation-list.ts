import { hash } from 'node:crypto';
import { addressesOfPoint, issuerIdOf, keyUsages, readExtensions, type Certificate } from './certificate.ts';
import { DerFault, derReader, derWithin, readBitBytes, readBoolean, readTime, tags, type DerReader } from './der.ts';
import { isSignedBy, readSignatureAlgorithm, type SignatureAlgorithm } from './signature-algorithm.ts';

/** A list of revoked certificates (RFC 5280 section 5), as it came from a file; nobody has verified it. */
type UnverifiedList = {
  readonly issuer: Uint8Array;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
  /** Bytes of the number it has among the lists of its issuer, in hexadecimal. */
  readonly number: string | undefined;
  /** It is only for certificates that name one of these addresses; for all when empty. */
  readonly points: readonly string[];
  readonly revoked: Uint8Array;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
};

export type RevocationList = Pick<UnverifiedList, 'thisUpdateMs' | 'nextUpdateMs' | 'number' | 'points'> & {
  /** See `issuerIdOf`. */
  readonly issuerId: string;
  readonly issuerName: string;
  /** Of each number the first bytes of its hash, in order: one is found in a few steps. */
  readonly revoked: Buffer;
};

export const maxListBytes = 8 * 1024 * 1024;
const markBytes = 8;
const oids = { number: '2.5.29.20', delta: '2.5.29.27', scope: '2.5.29.28' } as const;
const harmless = new Set(['2.5.29.35', '2.5.29.18', '2.5.29.46', '1.3.6.1.5.5.7.1.1']);
/** So many at a time, so that others get their turn. */
const entriesAtOnce = 20_000;

/** PEM or DER of a file. Undefined when it is neither. */
export function bytesOfList(text: string): Uint8Array | undefined {
  const pem = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/.exec(text)?.[1];
  const base64 = (pem ?? text).replaceAll(/\s+/g, '');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? Buffer.from(base64, 'base64') : undefined;
}

/**
 * What a list says, once one of these authorities is found to have signed it; in words what is wrong with it otherwise. Only whole lists
 * are taken: a delta, or one for some reasons or for others' certificates, would be read as if everybody else were fine.
 */
export async function readRevocationList(
  der: Uint8Array,
  authorities: readonly Certificate[],
  nowMs: number,
): Promise<RevocationList | { readonly fault: string }> {
  let list: UnverifiedList;
  try {
    list = await parse(der);
  } catch (error) {
    if (error instanceof DerFault) return { fault: error.message };
    throw error;
  }
  const issuer = authorities.find(
    ({ subject, keyUsage, x509 }) =>
      Buffer.from(subject).equals(list.issuer) &&
      keyUsage?.has(keyUsages.cRLSign) !== false &&
      isSignedBy(list.signed, list.signature, list.algorithm, x509.publicKey),
  );
  if (issuer === undefined) return { fault: 'must be signed by one of the registered certificates' };
  if (list.thisUpdateMs > nowMs) return { fault: 'must not be of the future: is the clock of this server right?' };
  const { thisUpdateMs, nextUpdateMs, number, points, revoked } = list;
  const stored = { thisUpdateMs, nextUpdateMs, number, points, revoked: sorted(revoked) };
  return { ...stored, issuerId: issuerIdOf(issuer), issuerName: issuer.shownSubject };
}

/** Whether the list has this certificate. Undefined when it does not speak of it. */
export function isRevoked(
  certificate: Pick<Certificate, 'serial' | 'revocationPoints'>,
  { revoked, points }: Pick<RevocationList, 'revoked' | 'points'>,
): boolean | undefined {
  if (points.length > 0 && !points.some((point) => certificate.revocationPoints.includes(point))) return undefined;
  const wanted = markOf(Buffer.from(certificate.serial, 'hex'));
  let [from, to] = [0, revoked.length / markBytes];
  while (from < to) {
    const middle = (from + to) >> 1;
    const order = revoked.compare(wanted, 0, markBytes, middle * markBytes, (middle + 1) * markBytes);
    if (order === 0) return true;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return false;
}

export function countOf({ revoked }: Pick<RevocationList, 'revoked'>): number {
  return revoked.length / markBytes;
}

function markOf(serial: Uint8Array): Buffer {
  return hash('sha256', serial, 'buffer').subarray(0, markBytes);
}

async function parse(der: Uint8Array): Promise<UnverifiedList> {
  const whole = derWithin(der);
  const body = whole.next();
  const algorithmBytes = whole.take(tags.sequence);
  const signature = readBitBytes(whole.take(tags.bitString));
  whole.end();
  const reader = derReader(body.content);
  if (body.tag !== tags.sequence || reader.maybe(tags.integer)?.[0] !== 1)
    throw new DerFault('must be a list of version 2');
  const algorithm = readSignatureAlgorithm(algorithmBytes);
  if (algorithm === undefined || !Buffer.from(algorithmBytes).equals(reader.take(tags.sequence)))
    throw new DerFault('must be signed with SHA-2, by RSA, ECDSA or EdDSA');
  const issuer = reader.take(tags.sequence);
  const thisUpdateMs = readTime(reader.next());
  if (reader.isAtEnd) throw new DerFault('must say when the next one comes');
  const nextUpdateMs = readTime(reader.next());
  const revoked = await readEntries(reader.maybe(tags.sequence));
  const extensions = readExtensions(reader.maybe(0xa0));
  reader.end();
  for (const [oid, { isCritical }] of extensions) {
    if (oid === oids.delta) throw new DerFault('must be a whole list: this is the difference to another');
    if (isCritical && oid !== oids.scope && oid !== oids.number && !harmless.has(oid))
      throw new DerFault(`must not demand what is not understood here: ${oid}`);
  }
  const number = extensions.get(oids.number)?.value;
  return {
    issuer,
    thisUpdateMs,
    nextUpdateMs,
    number: number === undefined ? undefined : readNumber(number),
    points: readScope(extensions.get(oids.scope)?.value),
    revoked,
    signed: body.whole,
    signature,
    algorithm,
  };
}

function readNumber(der: Uint8Array): string {
  const content = derReader(der).take(tags.integer);
  if (content.length === 0 || content.length > 21) throw new DerFault('must have a number of at most 20 bytes');
  return Buffer.from(content).toString('hex').padStart(42, '0');
}

/** The issuing distribution point (section 5.2.5). */
function readScope(der: Uint8Array | undefined): string[] {
  if (der === undefined) return [];
  const reader = derWithin(der);
  const point = reader.maybe(0xa0);
  const isFor = (tag: number): boolean => {
    const content = reader.maybe(tag);
    return content !== undefined && readBoolean(content);
  };
  isFor(0x81);
  const isForAuthoritiesAlone = isFor(0x82);
  const someReasons = reader.maybe(0x83);
  const [isIndirect, isForAttributes] = [isFor(0x84), isFor(0x85)];
  reader.end();
  if (isForAuthoritiesAlone || someReasons !== undefined || isIndirect || isForAttributes)
    throw new DerFault('must be for the certificates of people, for every reason, and of its own issuer');
  const points = addressesOfPoint(point);
  if (point !== undefined && points.length === 0) throw new DerFault('must name the addresses it is for');
  return points;
}

async function readEntries(content: Uint8Array | undefined): Promise<Uint8Array> {
  if (content === undefined) return new Uint8Array();
  const entries = derReader(content);
  const marks: Buffer[] = [];
  while (!entries.isAtEnd) {
    marks.push(markOf(readEntry(derReader(entries.take(tags.sequence)))));
    if (marks.length % entriesAtOnce === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return Buffer.concat(marks);
}

function readEntry(entry: DerReader): Uint8Array {
  const serial = entry.take(tags.integer);
  if (serial.length === 0 || serial.length > 21) throw new DerFault('must have serial numbers of at most 20 bytes');
  readTime(entry.next());
  const extensions = entry.maybe(tags.sequence);
  entry.end();
  if (extensions !== undefined && hasEntryIssuer(extensions))
    throw new DerFault('must be for certificates of its own issuer alone');
  return serial;
}

/** Without reading the rest: a list may have hundreds of thousands of entries. */
function hasEntryIssuer(content: Uint8Array): boolean {
  const reader = derReader(content);
  while (!reader.isAtEnd) {
    const oid = derReader(reader.take(tags.sequence)).take(tags.oid);
    // 2.5.29.29
    if (oid.length === 3 && oid[0] === 0x55 && oid[1] === 0x1d && oid[2] === 0x1d) return true;
  }
  return false;
}

function sorted(marks: Uint8Array): Buffer {
  const all: bigint[] = [];
  const bytes = Buffer.from(marks);
  for (let at = 0; at < bytes.length; at += markBytes) all.push(bytes.readBigUInt64BE(at));
  const ordered = BigUint64Array.from(all).toSorted();
  const out = Buffer.alloc(bytes.length);
  ordered.forEach((mark, index) => out.writeBigUInt64BE(mark, index * markBytes));
  return out;
}
