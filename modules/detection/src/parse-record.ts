import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';

/** A JSON object out of its text, a byte order mark passed over; undefined when the text is none. */
export function parseRecord(text: string): JsonObject | undefined {
  return parse(text);
}

/**
 * The same with whole numbers past what a double holds exactly as texts of their digits: identifiers of that length must
 * not become others. Several times slower than without.
 */
export function parseRecordExactly(text: string): JsonObject | undefined {
  return parse(text, keepDigits);
}

function parse(text: string, revive?: typeof keepDigits): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text.codePointAt(0) === 0xfe_ff ? text.slice(1) : text, revive);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function keepDigits(_name: string, value: unknown, ...[context]: readonly unknown[]): unknown {
  if (typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  const source = typeof context === 'object' && context !== null && 'source' in context ? context.source : undefined;
  return typeof source === 'string' && /^-?\d+$/.test(source) ? source : value;
}
