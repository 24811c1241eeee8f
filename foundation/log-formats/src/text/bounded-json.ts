import { accept, quoted, refuse } from './parsed.ts';
import type { Parsed } from './parsed.ts';

export type JsonObject = Readonly<Record<string, unknown>>;
export type JsonRefusalCode = 'json_too_large' | 'json_too_deep' | 'json_syntax' | 'json_not_object';
export type JsonLimits = { readonly maxCharacters: number; readonly maxDepth: number };

const defaultJsonLimits: JsonLimits = { maxCharacters: 1 << 20, maxDepth: 64 };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** `JSON.parse` that does not throw, with a bound on size and depth checked before anything is built. */
export function parseJson(text: string, limits: JsonLimits = defaultJsonLimits): Parsed<unknown, JsonRefusalCode> {
  if (text.length > limits.maxCharacters) {
    return refuse(
      'json_too_large',
      limits.maxCharacters,
      `JSON has ${text.length} characters, must be at most ${limits.maxCharacters}`,
    );
  }
  const tooDeepAt = findTooDeep(text, limits.maxDepth);
  if (tooDeepAt >= 0) return refuse('json_too_deep', tooDeepAt, `JSON is nested deeper than ${limits.maxDepth}`);
  try {
    const value: unknown = JSON.parse(text);
    return accept(value);
  } catch {
    return refuse('json_syntax', 0, `Not JSON: ${quoted(text)}`);
  }
}

export function parseJsonObject(
  text: string,
  limits: JsonLimits = defaultJsonLimits,
): Parsed<JsonObject, JsonRefusalCode> {
  const parsed = parseJson(text, limits);
  if (!parsed.ok) return parsed;
  return isJsonObject(parsed.value)
    ? accept(parsed.value)
    : refuse('json_not_object', 0, `Not a JSON object: ${quoted(text)}`);
}

/** Where brackets outside strings go deeper than allowed, or -1. */
function findTooDeep(text: string, maxDepth: number): number {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      at = endOfJsonString(text, at) - 1;
    } else if (code === 123 || code === 91) {
      depth += 1;
      if (depth > maxDepth) return at;
    } else if (code === 125 || code === 93) {
      depth -= 1;
    }
  }
  return -1;
}

/** Just past the string that begins with the quote at `at`; the end of the text when it is not closed. */
function endOfJsonString(text: string, at: number): number {
  let from = at + 1;
  for (;;) {
    const end = text.indexOf('"', from);
    if (end === -1) return text.length;
    let slashes = 0;
    while (end - 1 - slashes > at && text.charCodeAt(end - 1 - slashes) === 92) slashes += 1;
    if (slashes % 2 === 0) return end + 1;
    from = end + 1;
  }
}

/** Just past the object or list that begins at `at`, or -1 when the text ends before it does. */
export function endOfJsonValue(text: string, at: number): number {
  let depth = 0;
  for (let index = at; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 34) {
      index = endOfJsonString(text, index) - 1;
    } else if (code === 123 || code === 91) {
      depth += 1;
    } else if (code === 125 || code === 93) {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return -1;
}
