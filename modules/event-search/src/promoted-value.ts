import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { pathsOf, promotedFields } from './promoted-fields.ts';

/** As the column of the store has it: the first of its paths with a value. */
export function promotedValue(event: JsonObject, name: string): string | number | null {
  const field = promotedFields.find((one) => one.name === name);
  const isOwn = event['raw_data'] === undefined;
  for (const path of field === undefined ? [] : pathsOf(field, event['class_uid'], isOwn)) {
    const value = path
      .split('.')
      .reduce<JsonValue | undefined>(
        (inner, part) => (isJsonObject(inner) && Object.hasOwn(inner, part) ? inner[part] : undefined),
        event,
      );
    if (typeof value === 'number' || (typeof value === 'string' && value !== '')) return value;
  }
  return null;
}
