import { maxFieldCharacters } from './event.ts';
import type { JsonObject, JsonValue } from './event.ts';

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object called `name`, or an empty one. Only own properties count: a record may carry any key, `__proto__` included. */
export function objectIn(record: JsonObject, name: string): JsonObject {
  const value = Object.hasOwn(record, name) ? record[name] : undefined;
  return isObject(value) ? value : {};
}

/** The text called `name`, cut to the bound; numbers and booleans are written out. Windows writes "-" for no value. */
export function text(record: JsonObject, name: string): string | undefined {
  return Object.hasOwn(record, name) ? asText(record[name]) : undefined;
}

export function asText(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') {
    if (value === '' || value === '-') return undefined;
    return value.length > maxFieldCharacters ? value.slice(0, maxFieldCharacters).toWellFormed() : value;
  }
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** The first of `names` that holds text. */
export function firstText(record: JsonObject, names: readonly string[]): string | undefined {
  for (const name of names) {
    const found = text(record, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A whole number, also from text: decimal or, as Windows writes ids, `0x` and hexadecimal. */
export function integer(record: JsonObject, name: string): number | undefined {
  const value = text(record, name);
  if (value === undefined || !/^(?:-?\d{1,15}|0[xX][\da-fA-F]{1,13})$/.test(value)) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** A TCP or UDP port; 0 stands for none. */
export function port(record: JsonObject, name: string): number | undefined {
  const value = integer(record, name);
  return value !== undefined && value > 0 && value <= 65_535 ? value : undefined;
}

/** Text that has the shape of an IPv4 or IPv6 address. */
export function ipAddress(record: JsonObject, name: string): string | undefined {
  const value = text(record, name);
  return value !== undefined && looksLikeIp(value) ? value : undefined;
}

/** IPv4 without leading zeros, which some read as octal; IPv6 as in RFC 4291 section 2.2, with or without a zone. */
export function looksLikeIp(value: string): boolean {
  if (value.length > 64) return false;
  return isIpv4(value) || isIpv6(value.replace(/%[\w.-]+$/, ''));
}

function isIpv4(value: string): boolean {
  const octets = value.split('.');
  return octets.length === 4 && octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255);
}

function isIpv6(value: string): boolean {
  const [before = '', after, ...more] = value.split('::');
  if (more.length > 0) return false;
  const groups = [before, after ?? ''].flatMap((part) => (part === '' ? [] : part.split(':')));
  const last = groups.at(-1) ?? '';
  const embedded = last.includes('.');
  if (embedded && (!isIpv4(last) || value.endsWith('::'))) return false;
  const words = embedded ? groups.slice(0, -1) : groups;
  if (!words.every((word) => /^[\da-fA-F]{1,4}$/.test(word))) return false;
  const length = words.length + (embedded ? 2 : 0);
  return after === undefined ? length === 8 : length <= 7;
}

/** Milliseconds since 1970 up to the year 9999; what lies outside is no claim worth keeping. */
export function plausibleTime(timeMs: number): number | undefined {
  return Number.isFinite(timeMs) && timeMs >= 0 && timeMs < 253_402_300_800_000 ? Math.floor(timeMs) : undefined;
}

const timestampPattern =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\s?(?:[Zz]|(?:UTC)|([+-])(\d\d):?(\d\d))?$/;

/** RFC 3339, also with a space for the T and without a zone, which is then taken as UTC. */
function parseTimestamp(value: string): number | undefined {
  const match = timestampPattern.exec(value);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, zoneHours, zoneMinutes] = match;
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const utc = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    milliseconds,
  );
  if (sign === undefined) return plausibleTime(utc);
  const offset = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000;
  return plausibleTime(sign === '+' ? utc - offset : utc + offset);
}

/** A time as loggers write it: a timestamp, or seconds, milliseconds, microseconds or nanoseconds since 1970. */
export function parseTime(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'string') {
    if (!/^\d{9,19}(?:\.\d{1,9})?$/.test(value)) return parseTimestamp(value);
    return parseTime(Number(value));
  }
  if (typeof value !== 'number') return undefined;
  if (value < 1e11) return plausibleTime(value * 1000);
  if (value < 1e14) return plausibleTime(value);
  return plausibleTime(value < 1e17 ? value / 1000 : value / 1_000_000);
}
