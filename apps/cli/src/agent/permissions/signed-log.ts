import { createHmac, timingSafeEqual } from 'node:crypto';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { isJsonList, isJsonObject, parseJson } from '../../json-reading.ts';

/** How a log of JSON lines was signed. Nobody writes it down, so it is found by trying what programs do. */
const signedManners = ['as it stands', 'sorted', 'sorted, with spaces', 'with spaces'] as const;
export type SignedManner = (typeof signedManners)[number];

export type SignedLine =
  | { readonly kind: 'valid'; readonly manner: SignedManner }
  | { readonly kind: 'invalid' | 'unsigned' | 'unreadable' };

const macNames = ['hmac', 'signature', 'sig', 'mac', 'integrity', '_hmac', '_signature'];

/**
 * One line of a log in which each entry has an HMAC-SHA256 of the rest of it, in hexadecimal or base64, in a field of one of the usual names.
 * `valid` says that whoever held the key wrote it, and nothing of lines that are missing.
 */
export function verifySignedLine(line: string, key: Uint8Array): SignedLine {
  const entry = parseJson(line);
  if (!isJsonObject(entry)) return { kind: 'unreadable' };
  const name = macNames.find((one) => typeof entry[one] === 'string');
  const said = name === undefined ? undefined : macIn(entry[name]);
  if (name === undefined || said === undefined) return { kind: 'unsigned' };
  const rest = Object.fromEntries(Object.entries(entry).filter(([field]) => field !== name));
  for (const manner of signedManners) {
    const message = writtenIn(manner, { line, name, rest });
    if (message !== undefined && timingSafeEqual(createHmac('sha256', key).update(message).digest(), said))
      return { kind: 'valid', manner };
  }
  return { kind: 'invalid' };
}

/** What is wrong with a key that is good for signing nothing. */
export function weaknessOf(key: Uint8Array): string | undefined {
  const text = Buffer.from(key).toString('latin1').trim();
  if (key.length < 16) return `it has ${key.length} bytes, must have at least 16`;
  if (/^(?:default|secret|password|changeme|change-me|test)/i.test(text))
    return 'it begins with a word anybody would try';
  return new Set(key).size < 6 ? 'it is the same few bytes again and again' : undefined;
}

function macIn(value: JsonValue | undefined): Buffer | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.replace(/^(?:hmac-)?sha256[:=]/i, '');
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

function writtenIn(
  manner: SignedManner,
  { line, name, rest }: { readonly line: string; readonly name: string; readonly rest: JsonObject },
): string | undefined {
  switch (manner) {
    case 'as it stands':
      // Numbers and spaces as they were written: the field alone is cut out.
      return cutField(line.trim(), name);
    case 'sorted':
      return written(rest, { isSorted: true, comma: ',', colon: ':' });
    case 'sorted, with spaces':
      return written(rest, { isSorted: true, comma: ', ', colon: ': ' });
    case 'with spaces':
      return written(rest, { isSorted: false, comma: ', ', colon: ': ' });
  }
}

/** Undefined where the field stands twice, or inside something else. */
function cutField(line: string, name: string): string | undefined {
  const field = `"${name}"\\s*:\\s*"[^"\\\\]*"`;
  const cut = [new RegExp(`,\\s*${field}`, 'g'), new RegExp(`${field}\\s*,\\s*`, 'g')].find(
    (pattern) => [...line.matchAll(pattern)].length === 1,
  );
  return cut === undefined ? undefined : line.replace(cut, '');
}

type Writing = { readonly isSorted: boolean; readonly comma: string; readonly colon: string };

/** JSON as Python writes it: what is not ASCII as escapes. */
function written(value: JsonValue, how: Writing): string {
  if (isJsonList(value)) return `[${value.map((one) => written(one, how)).join(how.comma)}]`;
  if (isJsonObject(value)) {
    const names = how.isSorted ? Object.keys(value).toSorted() : Object.keys(value);
    return `{${names.map((name) => `${ascii(name)}${how.colon}${written(value[name] ?? null, how)}`).join(how.comma)}}`;
  }
  return typeof value === 'string' ? ascii(value) : JSON.stringify(value);
}

function ascii(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[^\x00-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
