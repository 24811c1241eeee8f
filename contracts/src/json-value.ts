import type { JsonObject, JsonValue } from './ocsf.ts';

/** The value JSON text holds. Throws `SyntaxError`. */
export function parseJson(text: string): JsonValue {
  const value: unknown = JSON.parse(text);
  return isParsed(value) ? value : null;
}

/** Only for what came out of `JSON.parse`, which gives nothing else but cannot say so. */
function isParsed(value: unknown): value is JsonValue {
  return value !== undefined;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is in an array; nothing where it is none. */
export function itemsOf(value: JsonValue | undefined): readonly JsonValue[] {
  const items: readonly JsonValue[] = Array.isArray(value) ? value : [];
  return items;
}

/** The texts of an array, in order; anything else is left out. */
export function textsOf(value: JsonValue | undefined): string[] {
  return itemsOf(value).filter((item) => typeof item === 'string');
}

/** The text itself, or nothing: other values are not turned into text. */
export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
