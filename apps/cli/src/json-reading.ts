import type { JsonObject, JsonValue } from '@sallyport/contracts';

/** Whatever is nested deeper is nothing anybody means to read; and writing it out again would exhaust the stack. */
const maxDepth = 512;

/** The value JSON text holds, or undefined when it is no JSON, or nested deeper than 512. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    const value = parseJsonStrictly(text);
    return isDeeperThan(value, maxDepth) ? undefined : value;
  } catch {
    return undefined;
  }
}

/** Looks no deeper than asked. */
export function isDeeperThan(value: JsonValue | undefined, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  const members: readonly JsonValue[] = isJsonList(value) ? value : Object.values(value);
  return members.some((member) => isDeeperThan(member, depth - 1));
}

/** The value JSON text holds. Throws `SyntaxError`. */
export function parseJsonStrictly(text: string): JsonValue {
  const value: unknown = JSON.parse(text);
  return isJson(value) ? value : null;
}

/** Only for what came out of `JSON.parse`, which gives nothing else but cannot say so. */
function isJson(value: unknown): value is JsonValue {
  return value !== undefined;
}

/** `Array.isArray` does not know read-only arrays. */
export function isJsonList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of an object, own fields only. */
export function field(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

export function textField(value: JsonValue | undefined, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === 'string' ? found : undefined;
}

export function numberField(value: JsonValue | undefined, name: string): number | undefined {
  const found = field(value, name);
  return typeof found === 'number' ? found : undefined;
}

/** The elements of an array field; none when it is missing or no array. */
export function listField(value: JsonValue | undefined, name: string): readonly JsonValue[] {
  const found = field(value, name);
  return isJsonList(found) ? found : [];
}
