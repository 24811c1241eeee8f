import { isDigit, isLetter } from '../text/characters.ts';
import { readDeviceTime } from '../text/device-time.ts';
import { accept, quoted, refuse } from '../text/parsed.ts';
import type { Parsed } from '../text/parsed.ts';
import type { LogTime, TimeReference } from '../text/timestamp.ts';

/** One event of the Common Event Format, versions 0 and 1. */
export type CefEvent = {
  readonly version: number;
  readonly deviceVendor: string;
  readonly deviceProduct: string;
  readonly deviceVersion: string;
  readonly deviceEventClassId: string;
  readonly name: string;
  readonly severity: string;
  readonly severityBand: 'low' | 'medium' | 'high' | 'very_high' | undefined;
  /** Escapes undone. Of a key that comes twice the first value is here. */
  readonly extension: ReadonlyMap<string, string>;
  /** Keys that came more than once: a value may imitate them where the sender does not escape. */
  readonly repeatedKeys: readonly string[];
  /** What stood before `CEF:`, mostly a syslog header. */
  readonly prefix: string;
};

export type CefRefusalCode = 'cef_too_long' | 'cef_not_found' | 'cef_version' | 'cef_header' | 'cef_too_many_fields';
export type CefLimits = { readonly maxCharacters: number; readonly maxFields: number };

export const defaultCefLimits: CefLimits = { maxCharacters: 1 << 20, maxFields: 1024 };

const maxPrefix = 1024;
const headerFields = 6;

/** A CEF event, bare or behind a header of at most 1,024 characters. A key is recognised by the unescaped `=` after it. */
export function parseCef(text: string, limits: CefLimits = defaultCefLimits): Parsed<CefEvent, CefRefusalCode> {
  if (text.length > limits.maxCharacters)
    return refuse(
      'cef_too_long',
      limits.maxCharacters,
      `Event has ${text.length} characters, must be at most ${limits.maxCharacters}`,
    );
  const start = findCef(text);
  if (start === -1) return refuse('cef_not_found', 0, `No "CEF:" and version in ${quoted(text)}`);
  const versionEnd = text.indexOf('|', start);
  const version = text.slice(start + 4, versionEnd === -1 ? start + 6 : versionEnd);
  if (version !== '0' && version !== '1')
    return refuse('cef_version', start + 4, `Version of CEF is ${quoted(version)}, must be 0 or 1`);
  const header: string[] = [];
  let at = versionEnd + 1;
  while (header.length < headerFields) {
    const field = readHeaderField(text, at);
    // Some senders leave the last bar out when there is no extension.
    if (!field.ended && header.length < headerFields - 1)
      return refuse(
        'cef_header',
        text.length,
        `Header of CEF ends after ${header.length + 1} fields, must have ${headerFields}`,
      );
    header.push(field.value);
    at = field.end;
  }
  const read = readExtension(text, Math.min(at, text.length), limits.maxFields);
  if (!read.ok) return read;
  const [deviceVendor = '', deviceProduct = '', deviceVersion = '', deviceEventClassId = '', name = '', severity = ''] =
    header;
  return accept({
    version: Number(version),
    deviceVendor,
    deviceProduct,
    deviceVersion,
    deviceEventClassId,
    name,
    severity,
    severityBand: bandOf(severity),
    ...read.value,
    prefix: text.slice(0, start),
  });
}

/** Where `CEF:` and a digit stand at the beginning of a word, or -1. */
export function findCef(text: string): number {
  for (let at = text.indexOf('CEF:'); at !== -1 && at <= maxPrefix; at = text.indexOf('CEF:', at + 4)) {
    const before = text.charCodeAt(at - 1);
    if (
      (at === 0 || before <= 32 || before === 58 || before === 62 || before === 0xfeff) &&
      isDigit(text.charCodeAt(at + 4))
    )
      return at;
  }
  return -1;
}

function readHeaderField(
  text: string,
  at: number,
): { readonly value: string; readonly end: number; readonly ended: boolean } {
  let value = '';
  let from = at;
  for (let position = at; position < text.length; position += 1) {
    const code = text.charCodeAt(position);
    if (code === 124) return { value: value + text.slice(from, position), end: position + 1, ended: true };
    const next = text.charCodeAt(position + 1);
    if (code === 92 && (next === 124 || next === 92)) {
      value += text.slice(from, position);
      from = position + 1;
      position += 1;
    }
  }
  return { value: value + text.slice(from), end: text.length, ended: false };
}

/**
 * An unescaped `=` makes the word before it a key when it looks like one; else it belongs to the value. The way back
 * from each `=` ends at the one before it, so every character is looked at a fixed number of times.
 */
function readExtension(
  text: string,
  start: number,
  maxFields: number,
): Parsed<Pick<CefEvent, 'extension' | 'repeatedKeys'>, CefRefusalCode> {
  const extension = new Map<string, string>();
  const repeated = new Set<string>();
  let key: string | undefined;
  let valueAt = start;
  let fields = 0;
  const close = (end: number): void => {
    if (key === undefined) return;
    if (extension.has(key)) repeated.add(key);
    else extension.set(key, unescapeValue(text.slice(valueAt, end).trimEnd()));
  };
  let lowest = start;
  for (let at = text.indexOf('=', start); at !== -1; at = text.indexOf('=', at + 1)) {
    let wordAt = at;
    while (wordAt > lowest && isKeyCode(text.charCodeAt(wordAt - 1))) wordAt -= 1;
    lowest = at + 1;
    const before = text.charCodeAt(wordAt - 1);
    // Directly after `key=` a word is the beginning of the value, not a key.
    if (wordAt === at || (wordAt !== start && before !== 32 && before !== 9)) continue;
    fields += 1;
    if (fields > maxFields) return refuse('cef_too_many_fields', at, `Extension has more than ${maxFields} fields`);
    close(wordAt);
    key = text.slice(wordAt, at);
    valueAt = at + 1;
  }
  close(text.length);
  return accept({ extension, repeatedKeys: [...repeated] });
}

function isKeyCode(code: number): boolean {
  return isLetter(code) || isDigit(code) || code === 95 || code === 46 || code === 45 || code === 91 || code === 93;
}

/** `\=`, `\\`, `\n` and `\r`; `\|` too, which senders escape needlessly. Other backslashes stay. */
function unescapeValue(value: string): string {
  if (!value.includes('\\')) return value;
  return value.replaceAll(/\\([=\\nr|])/g, (_, escaped: string) =>
    escaped === 'n' ? '\n' : escaped === 'r' ? '\r' : escaped,
  );
}

function bandOf(severity: string): CefEvent['severityBand'] {
  const name = severity.trim().toLowerCase();
  if (name === 'low' || name === 'medium' || name === 'high') return name;
  if (name === 'very-high' || name === 'very high') return 'very_high';
  if (name === '' || name.length > 2) return undefined;
  const score = Number(name);
  if (!(Number.isInteger(score) && score >= 0 && score <= 10)) return undefined;
  return score <= 3 ? 'low' : score <= 6 ? 'medium' : score <= 8 ? 'high' : 'very_high';
}

/** When it happened: `rt`, else `end`, else `start`, in any of the forms of the specification. */
export function cefTime(event: CefEvent, reference: TimeReference): LogTime | undefined {
  for (const key of ['rt', 'end', 'start']) {
    const value = event.extension.get(key);
    const time = value === undefined ? undefined : readDeviceTime(value, reference);
    if (time !== undefined) return time;
  }
  return undefined;
}

/** Custom fields under the names their labels give: `cs1Label=Rule cs1=block` is `Rule` → `block`. The first of a name counts. */
export function cefLabelled(event: CefEvent): ReadonlyMap<string, string> {
  const labelled = new Map<string, string>();
  for (const [key, label] of event.extension) {
    if (!key.endsWith('Label') || label === '') continue;
    const value = event.extension.get(key.slice(0, -'Label'.length));
    if (value !== undefined && !labelled.has(label)) labelled.set(label, value);
  }
  return labelled;
}
