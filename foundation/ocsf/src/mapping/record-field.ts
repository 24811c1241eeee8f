import type { JsonObject, JsonValue } from '../event.ts';
import { isObject } from '../fields.ts';
import { RefusedMapping } from './mapping-refusal.ts';

/** Reads one field of a record; undefined when it is not there. */
export type ReadField = (record: JsonObject) => JsonValue | undefined;

const maxDepth = 16;

/**
 * A reader of `path`: a field of that very name (Zeek writes `id.orig_h`), else the steps between the points, where a number
 * is a place in a list. Only own properties are looked at, so a record may have any names.
 */
export function fieldReader(path: string, place: string): ReadField {
  if (path === '') throw new RefusedMapping(place, 'Cannot read a field without a name');
  const steps = path.split('.');
  if (steps.length > maxDepth)
    throw new RefusedMapping(place, `Cannot read "${path}": must have at most ${maxDepth} steps`);
  if (steps.length === 1) return (record) => (Object.hasOwn(record, path) ? record[path] : undefined);
  return (record) => {
    if (Object.hasOwn(record, path)) return record[path];
    let value: JsonValue | undefined = record;
    for (const step of steps) {
      if (isList(value)) value = value[Number(step)];
      else if (isObject(value) && Object.hasOwn(value, step)) value = value[step];
      else return undefined;
    }
    return value;
  };
}

/** `Array.isArray` alone would lose the type of the items. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
