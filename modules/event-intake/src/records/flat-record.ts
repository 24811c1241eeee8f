import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';

export type Fields = Readonly<Record<string, JsonValue | undefined>>;

/** The fields that have a value. A name that JavaScript treats specially is left to the original text. */
export function present(fields: Fields): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]): [string, JsonValue][] =>
      value === undefined || value === '' || name === '__proto__' ? [] : [[name, value]],
    ),
  );
}

/** Foreign names and values as fields. */
export function fieldsOf(map: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(map);
}

/** The JSON object a text is, a byte order mark passed over; undefined when it is none. */
export function objectIn(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text.codePointAt(0) === 0xfe_ff ? text.slice(1) : text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function textIn(record: JsonObject, name: string): string | undefined {
  const value = Object.hasOwn(record, name) ? record[name] : undefined;
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The time as records carry it. */
export function isoTime(unixMs: number | undefined): string | undefined {
  if (unixMs === undefined || !(Math.abs(unixMs) <= 8.64e15)) return undefined;
  return new Date(unixMs).toISOString();
}

/** A process id as a number, where it is one. */
export function processId(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : text;
}
