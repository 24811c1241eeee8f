import type { EventElement } from './event-element.ts';
import type { JsonScalar } from './json.ts';
import { limits } from './limits.ts';

/** Why a text is not the XML of an event. */
export type EventXmlCode =
  | 'xml_too_long'
  | 'xml_too_deep'
  | 'xml_too_many_elements'
  | 'xml_syntax'
  | 'xml_doctype'
  | 'xml_entity'
  | 'xml_character'
  | 'xml_root';

/** Thrown inside the package while XML is read, and turned into a result before it leaves. */
export class XmlFault extends Error {
  readonly code: EventXmlCode;
  readonly offset: number;

  constructor(code: EventXmlCode, offset: number, message: string) {
    super(message);
    this.name = 'XmlFault';
    this.code = code;
    this.offset = offset;
  }
}

/** A place in the text and the number of elements seen; sticky patterns move it on, so every character is looked at a bounded number of times. */
export type XmlScanner = {
  readonly text: string;
  position: number;
  elements: number;
};

/** XML 1.0 section 2.3, without the characters past U+FFFF. */
const nameStart =
  ':A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD';
const namePattern = new RegExp(`[${nameStart}][${nameStart}\\-.0-9\\u00B7\\u0300-\\u036F\\u203F\\u2040]*`, 'y');
const spacePattern = /[\t\n\r ]*/y;
const namedEntities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function syntax(scanner: XmlScanner, wanted: string): XmlFault {
  return new XmlFault('xml_syntax', scanner.position, `${wanted} is missing`);
}

function scan(scanner: XmlScanner, pattern: RegExp): string | undefined {
  pattern.lastIndex = scanner.position;
  const found = pattern.exec(scanner.text)?.[0];
  if (found !== undefined) scanner.position += found.length;
  return found;
}

function accept(scanner: XmlScanner, literal: string): boolean {
  if (!scanner.text.startsWith(literal, scanner.position)) return false;
  scanner.position += literal.length;
  return true;
}

function expect(scanner: XmlScanner, literal: string): void {
  if (!accept(scanner, literal)) throw syntax(scanner, `"${literal}"`);
}

/** Moves past the next `literal` and gives what stands before it. */
function until(scanner: XmlScanner, literal: string): string {
  const end = scanner.text.indexOf(literal, scanner.position);
  if (end < 0) throw syntax(scanner, `"${literal}"`);
  const before = scanner.text.slice(scanner.position, end);
  scanner.position = end + literal.length;
  return before;
}

/** White space, comments, processing instructions and the XML declaration; a document type is refused. */
export function skipMisc(scanner: XmlScanner): void {
  for (;;) {
    scan(scanner, spacePattern);
    if (accept(scanner, '<!--')) until(scanner, '-->');
    else if (accept(scanner, '<?')) until(scanner, '?>');
    else if (scanner.text.startsWith('<!DOCTYPE', scanner.position))
      throw new XmlFault('xml_doctype', scanner.position, 'A document type is not allowed');
    else return;
  }
}

export function scanElement(scanner: XmlScanner, depth: number): EventElement {
  if (depth >= limits.depth)
    throw new XmlFault('xml_too_deep', scanner.position, `Elements lie deeper than ${limits.depth}`);
  scanner.elements += 1;
  if (scanner.elements > limits.xmlElements)
    throw new XmlFault('xml_too_many_elements', scanner.position, `There are more than ${limits.xmlElements} elements`);
  expect(scanner, '<');
  const name = scan(scanner, namePattern);
  if (name === undefined) throw syntax(scanner, 'The name of an element');
  const attributes = scanAttributes(scanner);
  if (accept(scanner, '/>')) return { name, attributes, content: [] };
  expect(scanner, '>');
  const content = scanContent(scanner, depth);
  const closing = scan(scanner, namePattern);
  if (closing !== name) throw syntax(scanner, `The end of "${name}"`);
  scan(scanner, spacePattern);
  expect(scanner, '>');
  return { name, attributes, content };
}

function scanAttributes(scanner: XmlScanner): (readonly [string, JsonScalar])[] {
  const attributes = new Map<string, string>();
  for (;;) {
    const space = scan(scanner, spacePattern);
    const next = scanner.text[scanner.position];
    if (next === '>' || next === '/') return [...attributes];
    const name = scan(scanner, namePattern);
    if (name === undefined || space === '' || attributes.has(name) || attributes.size >= limits.xmlAttributes)
      throw syntax(scanner, 'The end of a start tag, or one more attribute of another name');
    scan(scanner, spacePattern);
    expect(scanner, '=');
    scan(scanner, spacePattern);
    const quote = accept(scanner, '"') ? '"' : "'";
    if (quote === "'") expect(scanner, "'");
    const start = scanner.position;
    const value = until(scanner, quote);
    if (value.includes('<')) throw new XmlFault('xml_syntax', start, 'An attribute may not hold "<"');
    attributes.set(name, resolve(value.replaceAll(/\r\n|[\t\r\n]/g, ' '), start));
  }
}

/** Everything up to `</`, which is taken. */
function scanContent(scanner: XmlScanner, depth: number): (EventElement | JsonScalar)[] {
  const content: (EventElement | JsonScalar)[] = [];
  for (;;) {
    const start = scanner.position;
    const next = scanner.text.indexOf('<', start);
    if (next < 0) throw syntax(scanner, 'The end of an element');
    if (next > start) content.push(resolve(plainText(scanner.text.slice(start, next)), start));
    scanner.position = next;
    if (accept(scanner, '</')) return content;
    if (accept(scanner, '<![CDATA[')) content.push(checked(plainText(until(scanner, ']]>')), start));
    else if (accept(scanner, '<!--')) until(scanner, '-->');
    else if (accept(scanner, '<?')) until(scanner, '?>');
    else content.push(scanElement(scanner, depth + 1));
  }
}

/** XML 1.0 section 2.11: line ends are one line feed. */
function plainText(text: string): string {
  return text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text;
}

/** Puts characters for references: the five entities of XML and numbers. There are no others, as there is no document type. */
function resolve(text: string, offset: number): string {
  if (!text.includes('&')) return checked(text, offset);
  const resolved = text.replaceAll(/&([^;&]{0,16});?/g, (written, name: string) => {
    const known = written.endsWith(';') ? (namedEntities[name] ?? character(name)) : undefined;
    if (known === undefined) throw new XmlFault('xml_entity', offset, `"${written}" is no reference XML has by itself`);
    return known;
  });
  return checked(resolved, offset);
}

function character(name: string): string | undefined {
  const code = /^#x[\dA-Fa-f]{1,6}$/.test(name)
    ? Number.parseInt(name.slice(2), 16)
    : /^#\d{1,7}$/.test(name)
      ? Number(name.slice(1))
      : undefined;
  return code === undefined || code > 0x10_ffff ? undefined : String.fromCodePoint(code);
}

/** XML 1.0 section 2.2. Event log services write control characters as references all the same, so those pass; a zero does not. */
function checked(text: string, offset: number): string {
  if (text.includes('\0')) throw new XmlFault('xml_character', offset, 'A zero character is not allowed');
  return text.toWellFormed();
}
