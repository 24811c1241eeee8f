import { DerFault, derReader, derWithin, readOid, tags, type DerElement } from './der.ts';

/** RFC 5280 section 4.2.1.6, by the tag of each. */
export const nameForms = {
  other: 0xa0,
  email: 0x81,
  dns: 0x82,
  directory: 0xa4,
  uri: 0x86,
  address: 0x87,
} as const;
const upnOid = '1.3.6.1.4.1.311.20.2.3';
const emailOid = '1.2.840.113549.1.9.1';
const commonNameOid = '2.5.4.3';

export type GeneralName = { readonly tag: number; readonly content: Uint8Array };

/** The names a certificate says its holder has. */
export type CertificateNames = {
  /** As they stand there. */
  readonly all: readonly GeneralName[];
  /** Microsoft's user principal names. */
  readonly upns: readonly string[];
  readonly emails: readonly string[];
  /** A name that nobody writes so: with a NUL, a control character, a letter that is composed otherwise. None of them is believed then. */
  readonly hasFaults: boolean;
};

/** Throws `DerFault`. */
function readGeneralNames(der: Uint8Array): GeneralName[] {
  const reader = derWithin(der);
  const all: GeneralName[] = [];
  while (!reader.isAtEnd) {
    const { tag, content } = reader.next();
    all.push({ tag, content });
  }
  return all;
}

/** Throws `DerFault` for what is no list of names. */
export function readCertificateNames(der: Uint8Array | undefined): CertificateNames {
  const all = der === undefined ? [] : readGeneralNames(der);
  const emails = all.filter(({ tag }) => tag === nameForms.email).map(({ content }) => asciiOf(content));
  const upns = all.filter(({ tag }) => tag === nameForms.other).flatMap(({ content }) => upnOf(content));
  const good = (names: readonly (string | undefined)[]): string[] => names.filter((name) => name !== undefined);
  return { all, upns: good(upns), emails: good(emails), hasFaults: [...emails, ...upns].includes(undefined) };
}

function upnOf(content: Uint8Array): readonly (string | undefined)[] {
  const reader = derReader(content);
  if (readOid(reader.take(tags.oid)) !== upnOid) return [];
  const explicit = reader.take(0xa0);
  reader.end();
  const { tag, content: text } = derReader(explicit).next();
  return [tag === tags.utf8 ? wordOf(text) : undefined];
}

function asciiOf(content: Uint8Array): string | undefined {
  const text = Buffer.from(content).toString('latin1');
  return /^[\x21-\x7e]{1,320}$/.test(text) ? text : undefined;
}

function wordOf(content: Uint8Array): string | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined;
  }
  const isPlain =
    text.length > 0 && text.length <= 320 && !/[\p{C}\p{Z}]/u.test(text) && text.normalize('NFC') === text;
  return isPlain ? text : undefined;
}

type Attribute = { readonly type: string; readonly value: string };

/** A distinguished name, folded for comparison: RFC 5280 section 7.1 as far as case and spaces go. Throws `DerFault`. */
export function readDistinguishedName(content: Uint8Array): readonly (readonly Attribute[])[] {
  const reader = derReader(content);
  const parts: Attribute[][] = [];
  while (!reader.isAtEnd) {
    const part = derReader(reader.take(tags.set));
    const attributes: Attribute[] = [];
    while (!part.isAtEnd) {
      const one = derReader(part.take(tags.sequence));
      attributes.push({ type: readOid(one.take(tags.oid)), value: textOf(one.next()) });
      one.end();
    }
    parts.push(attributes);
  }
  return parts;
}

function textOf({ tag, content }: DerElement): string {
  const bytes = Buffer.from(content);
  if (tag === 0x1e) {
    if (bytes.length % 2 !== 0) throw new DerFault('Cannot read a name');
    return Buffer.from(bytes).swap16().toString('utf16le');
  }
  return bytes.toString(tag === tags.utf8 ? 'utf8' : 'latin1');
}

/** E-mail addresses in the name itself, as old certificates have them: name constraints hold for them too (section 4.2.1.10). */
export function emailsInSubject(content: Uint8Array): readonly string[] {
  return readDistinguishedName(content)
    .flat()
    .filter(({ type }) => type === emailOid)
    .map(({ value }) => value);
}

/** For people to recognise, never to find somebody by. */
export function shownName(content: Uint8Array): string {
  const attributes = readDistinguishedName(content).flat();
  const named = attributes.find(({ type }) => type === commonNameOid) ?? attributes.at(-1);
  return (named?.value ?? '').replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd').slice(0, 100);
}
