/** One element of DER (X.690). Both are views of what was read. */
export type DerElement = { readonly tag: number; readonly content: Uint8Array; readonly whole: Uint8Array };

/** What was read is no DER, or not what should stand there. Caught where reading began, never further. */
export class DerFault extends Error {}

/** Reads elements in their order. Whatever does not fit throws `DerFault`; nothing of the bytes is copied. */
export type DerReader = {
  readonly isAtEnd: boolean;
  next(): DerElement;
  /** The content of the next one, which must have this tag. */
  take(tag: number): Uint8Array;
  /** Undefined, and still there, when the next one has another tag. */
  maybe(tag: number): Uint8Array | undefined;
  end(): void;
};

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

export function derReader(bytes: Uint8Array): DerReader {
  let at = 0;
  const next = (): DerElement => {
    const read = elementAt(bytes, at);
    at += read.whole.length;
    return read;
  };
  const maybe = (tag: number): Uint8Array | undefined => (bytes[at] === tag ? next().content : undefined);
  return {
    get isAtEnd() {
      return at === bytes.length;
    },
    next,
    maybe,
    take(tag) {
      const content = maybe(tag);
      if (content === undefined) throw new DerFault(`Cannot read DER: must be an element of tag ${tag}`);
      return content;
    },
    end() {
      if (at !== bytes.length) throw new DerFault('Cannot read DER: something follows');
    },
  };
}

/** A reader of the one element there must be. */
export function derWithin(bytes: Uint8Array, tag: number = tags.sequence): DerReader {
  const reader = derReader(bytes);
  const content = reader.take(tag);
  reader.end();
  return derReader(content);
}

/** Lengths are definite and as short as can be; tags are one byte, as all in certificates are. */
function elementAt(bytes: Uint8Array, at: number): DerElement {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw new DerFault('Cannot read DER');
  const extra = first < 0x80 ? 0 : first - 0x80;
  if (first === 0x80 || extra > 4) throw new DerFault('Cannot read DER: must have a definite length');
  let length = extra === 0 ? first : 0;
  for (let index = 0; index < extra; index += 1) length = length * 256 + (bytes[at + 2 + index] ?? 0);
  const start = at + 2 + extra;
  const isShortest = extra === 0 || (extra === 1 ? length >= 0x80 : length >= 256 ** (extra - 1));
  if (!isShortest || start + length > bytes.length) throw new DerFault('Cannot read DER: the length is wrong');
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) };
}

/** As text with dots. */
export function readOid(content: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  let isOpen = false;
  for (const byte of content) {
    if (!isOpen && byte === 0x80) throw new DerFault('Cannot read an object identifier');
    arc = arc * 128 + (byte & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 256) throw new DerFault('Cannot read an object identifier: it is too large');
    isOpen = byte >= 0x80;
    if (isOpen) continue;
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(arc / 40));
      arcs.push(root, arc - root * 40);
    } else arcs.push(arc);
    arc = 0;
  }
  if (isOpen || arcs.length === 0) throw new DerFault('Cannot read an object identifier');
  return arcs.join('.');
}

/** A number that is small and not negative, such as how long a path may be. */
export function readSmallInteger(content: Uint8Array): number {
  const [first = 0x80] = content;
  if (content.length > 4 || first >= 0x80) throw new DerFault('Cannot read a number: it is negative or too large');
  return content.reduce((sum, byte) => sum * 256 + byte, 0);
}

export function readBoolean(content: Uint8Array): boolean {
  const [value] = content;
  if (content.length !== 1 || (value !== 0 && value !== 0xff)) throw new DerFault('Cannot read yes or no');
  return value === 0xff;
}

/** The bits that are set, the first being 0. */
export function readBits(content: Uint8Array): ReadonlySet<number> {
  const [unused = 8, ...bytes] = content;
  if (unused > 7 || (bytes.length === 0 && unused > 0)) throw new DerFault('Cannot read bits');
  const set = new Set<number>();
  for (let bit = 0; bit < bytes.length * 8 - unused; bit += 1)
    if (((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0) set.add(bit);
  return set;
}

/** Whole bytes in a bit string, such as a signature. */
export function readBitBytes(content: Uint8Array): Uint8Array {
  if (content[0] !== 0) throw new DerFault('Cannot read a bit string: must be whole bytes');
  return content.subarray(1);
}

/** UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 has them: to the second, in UTC. */
export function readTime({ tag, content }: DerElement): number {
  const text = Buffer.from(content).toString('latin1');
  const isShort = tag === tags.utcTime;
  if (!isShort && tag !== tags.generalizedTime) throw new DerFault('Cannot read a time');
  const found = (isShort ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/).exec(
    text,
  );
  if (found === null) throw new DerFault('Cannot read a time: must be to the second, in UTC');
  const [year = 0, month = 0, ...rest] = found.slice(1).map(Number);
  const [day = 0, hour = 0, minute = 0, second = 0] = rest;
  const whole = isShort ? year + (year < 50 ? 2000 : 1900) : year;
  const atMs = Date.UTC(whole, month - 1, day, hour, minute, second);
  if (new Date(atMs).getUTCDate() !== day || hour > 23 || minute > 59 || second > 59 || whole < 1000)
    throw new DerFault('Cannot read a time: there is none such');
  return atMs;
}
