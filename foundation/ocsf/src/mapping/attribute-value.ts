import { maxFieldCharacters } from '../event.ts';
import type { JsonValue } from '../event.ts';
import { asText, looksLikeIp, parseTime } from '../fields.ts';
import type { OcsfAttribute } from '../schema/schema.ts';

/** Makes a value fit the type of an attribute; undefined when it cannot. */
export type Convert = (value: JsonValue) => JsonValue | undefined;

/** How values become what the schema wants of `attribute`, which is no object. What is outside an enumeration is dropped. */
export function conversionTo(attribute: OcsfAttribute): Convert {
  switch (attribute.type) {
    case 'integer':
    case 'long': {
      const { values } = attribute;
      return (value) => {
        const number = wholeNumber(value);
        return number === undefined || (values !== undefined && !values.has(number)) ? undefined : number;
      };
    }
    case 'port':
      return (value) => {
        const number = wholeNumber(value);
        return number !== undefined && number >= 0 && number <= 65_535 ? number : undefined;
      };
    case 'float':
      return (value) => {
        const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
        return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
      };
    case 'boolean':
      return truth;
    case 'timestamp':
      return (value) => parseTime(value);
    case 'ip':
      return (value) => {
        const text = asText(value);
        return text !== undefined && looksLikeIp(text) ? text : undefined;
      };
    case 'json':
      return (value) => value;
    default: {
      const { words } = attribute;
      const text = (value: JsonValue): string | undefined =>
        typeof value === 'object' && value !== null ? cutJson(value) : asText(value);
      if (words === undefined) return text;
      return (value) => {
        const found = text(value);
        return found !== undefined && words.has(found) ? found : undefined;
      };
    }
  }
}

/** Decimal, or hexadecimal with `0x`. */
function wholeNumber(value: JsonValue): number | undefined {
  const text = asText(value);
  if (text === undefined || !/^(?:-?\d{1,16}|0[xX][\da-fA-F]{1,13})$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : undefined;
}

function truth(value: JsonValue): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = asText(value)?.toLowerCase();
  if (text === 'true' || text === 'yes' || text === '1' || text === 't') return true;
  return text === 'false' || text === 'no' || text === '0' || text === 'f' ? false : undefined;
}

function cutJson(value: JsonValue): string {
  return JSON.stringify(value).slice(0, maxFieldCharacters);
}
