import { isJsonList, isJsonObject } from './json.ts';
import type { JsonObject, JsonScalar } from './json.ts';

const maxLength = 1_048_576;

const entities: ReadonlyMap<string, string> = new Map([
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&quot;', '"'],
  ['&apos;', "'"],
  ['&amp;', '&'],
]);

/**
 * The data of a flat Windows record that keeps them as one text: the JSON of Azure's `WindowsEvent`, or the XML of its
 * `SecurityEvent`. Names the record has itself are left out: there they stand already read.
 */
export function fieldsOfEventData(record: JsonObject, maxValues: number): (readonly [string, JsonScalar])[] {
  const text = record['EventData'];
  if (typeof text !== 'string' || text.length > maxLength || record['EventID'] === undefined) return [];
  const found = /^\s*\{/.test(text) ? jsonFields(text) : xmlFields(text, maxValues);
  return found.filter(([name]) => !Object.hasOwn(record, name)).slice(0, maxValues);
}

function jsonFields(text: string): (readonly [string, JsonScalar])[] {
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value)) return [];
    return Object.entries(value).flatMap(([name, inner]): (readonly [string, JsonScalar])[] =>
      isJsonObject(inner) || isJsonList(inner) ? [] : [[name, inner]],
    );
  } catch {
    return [];
  }
}

function xmlFields(text: string, maxValues: number): (readonly [string, JsonScalar])[] {
  const found: (readonly [string, JsonScalar])[] = [];
  for (const [, name = '', value = ''] of text.matchAll(/<Data Name=["']([^"'<>]{1,256})["']\s*>([^<]*)<\/Data>/g)) {
    if (found.length >= maxValues) break;
    found.push([name, value.replaceAll(/&(?:lt|gt|quot|apos|amp);/g, (entity) => entities.get(entity) ?? entity)]);
  }
  return found;
}
