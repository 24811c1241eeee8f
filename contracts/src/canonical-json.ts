import { isJsonObject } from './json-value.ts';
import type { JsonValue } from './ocsf.ts';

/** JSON with the names of every object in order, so that equal values give equal texts to sign (RFC 8785, for texts, booleans and numbers a double holds). */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => canonicalJson(item)).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`).join(',')}}`;
}
