import { readDeviceTime } from '../text/device-time.ts';
import { accept, quoted, refuse } from '../text/parsed.ts';
import type { Parsed } from '../text/parsed.ts';
import type { LogTime, TimeReference } from '../text/timestamp.ts';

/** One event of the Log Event Extended Format, 1.0 or 2.0. */
export type LeefEvent = {
  readonly version: '1.0' | '2.0';
  readonly vendor: string;
  readonly product: string;
  readonly productVersion: string;
  readonly eventId: string;
  /** Of a key that comes twice the first value is here. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly repeatedKeys: readonly string[];
  readonly delimiter: string;
  /** What stood before `LEEF:`, mostly a syslog header. */
  readonly prefix: string;
};

export type LeefRefusalCode =
  | 'leef_too_long'
  | 'leef_not_found'
  | 'leef_version'
  | 'leef_header'
  | 'leef_delimiter'
  | 'leef_too_many_attributes';
export type LeefLimits = { readonly maxCharacters: number; readonly maxAttributes: number };

export const defaultLeefLimits: LeefLimits = { maxCharacters: 1 << 20, maxAttributes: 1024 };

const maxPrefix = 1024;

/** A LEEF event, bare or behind a header of at most 1,024 characters. Version 2.0 may name its delimiter: a character, or `x5E` or `0x5E`. */
export function parseLeef(text: string, limits: LeefLimits = defaultLeefLimits): Parsed<LeefEvent, LeefRefusalCode> {
  if (text.length > limits.maxCharacters)
    return refuse(
      'leef_too_long',
      limits.maxCharacters,
      `Event has ${text.length} characters, must be at most ${limits.maxCharacters}`,
    );
  const start = findLeef(text);
  if (start === -1) return refuse('leef_not_found', 0, `No "LEEF:" and version in ${quoted(text)}`);
  const fields: string[] = [];
  let at = start + 5;
  while (fields.length < 5) {
    const end = text.indexOf('|', at);
    if (end === -1)
      return refuse(
        'leef_header',
        text.length,
        `Header of LEEF ends after ${fields.length + 1} fields, must have 5 and a bar`,
      );
    fields.push(text.slice(at, end));
    at = end + 1;
  }
  const [written = '', vendor = '', product = '', productVersion = '', eventId = ''] = fields;
  const version =
    written === '1.0' || written === '1' ? '1.0' : written === '2.0' || written === '2' ? '2.0' : undefined;
  if (version === undefined)
    return refuse('leef_version', start + 5, `Version of LEEF is ${quoted(written)}, must be 1.0 or 2.0`);
  const named = version === '2.0' ? readDelimiter(text, at) : { delimiter: '\t', end: at };
  if (named === undefined)
    return refuse('leef_delimiter', at, `Delimiter at ${quoted(text, at)} must be a character or its hexadecimal code`);
  const read = readAttributes(text, named.end, { delimiter: named.delimiter, maxAttributes: limits.maxAttributes });
  if (!read.ok) return read;
  return accept({
    version,
    vendor,
    product,
    productVersion,
    eventId,
    ...read.value,
    delimiter: named.delimiter,
    prefix: text.slice(0, start),
  });
}

/** Where `LEEF:` stands at the beginning of a word, or -1. */
export function findLeef(text: string): number {
  for (let at = text.indexOf('LEEF:'); at !== -1 && at <= maxPrefix; at = text.indexOf('LEEF:', at + 5)) {
    const before = text.charCodeAt(at - 1);
    if (at === 0 || before <= 32 || before === 58 || before === 62 || before === 0xfeff) return at;
  }
  return -1;
}

/** The sixth field of 2.0. Left out altogether, as some senders do, the attributes begin at once and a tab divides them. */
function readDelimiter(text: string, at: number): { readonly delimiter: string; readonly end: number } | undefined {
  // The delimiter may itself be the bar: `||` could also be an empty field, and is read as that.
  const bar = text.slice(at, at + 8).indexOf('|');
  if (bar === -1)
    return text.slice(at, at + 256).includes('=') || at === text.length ? { delimiter: '\t', end: at } : undefined;
  const field = text.slice(at, at + bar);
  const end = at + bar + 1;
  if (field === '') return { delimiter: '\t', end };
  if (field.length === String.fromCodePoint(field.codePointAt(0) ?? 0).length) return { delimiter: field, end };
  const hex = /^(?:0?x)([0-9a-f]{1,4})$/i.exec(field)?.[1];
  if (hex !== undefined) return { delimiter: String.fromCharCode(Number.parseInt(hex, 16)), end };
  if (field === String.raw`\t`) return { delimiter: '\t', end };
  return field.includes('=') ? { delimiter: '\t', end: at } : undefined;
}

function readAttributes(
  text: string,
  start: number,
  rule: { readonly delimiter: string; readonly maxAttributes: number },
): Parsed<Pick<LeefEvent, 'attributes' | 'repeatedKeys'>, LeefRefusalCode> {
  const attributes = new Map<string, string>();
  const repeated = new Set<string>();
  let count = 0;
  for (let at = start; at < text.length;) {
    const found = text.indexOf(rule.delimiter, at);
    const end = found === -1 ? text.length : found;
    const equals = text.slice(at, Math.min(end, at + 256)).indexOf('=');
    if (equals > 0) {
      count += 1;
      if (count > rule.maxAttributes)
        return refuse('leef_too_many_attributes', at, `Event has more than ${rule.maxAttributes} attributes`);
      const key = text.slice(at, at + equals).trim();
      if (attributes.has(key)) repeated.add(key);
      else attributes.set(key, text.slice(at + equals + 1, end));
    }
    at = end + rule.delimiter.length;
  }
  return accept({ attributes, repeatedKeys: [...repeated] });
}

/** `devTime`, when it is in one of the default forms; a `devTimeFormat` of its own is for the caller. */
export function leefTime(event: LeefEvent, reference: TimeReference): LogTime | undefined {
  const value = event.attributes.get('devTime');
  return value === undefined ? undefined : readDeviceTime(value, reference);
}
