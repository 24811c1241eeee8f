import type { JsonObject, JsonValue } from '../event.ts';
import { asText, isObject } from '../fields.ts';
import { RefusedMapping } from './mapping-refusal.ts';
import { fieldReader, isList } from './record-field.ts';

/** Works a value out of a record; undefined when the record does not have it. */
export type Expression = {
  readonly valueIn: (record: JsonObject) => JsonValue | undefined;
  /** The value, when it does not depend on the record. */
  readonly constant?: string | number | boolean;
};

const maxTableEntries = 4096;

/**
 * `$name` is a field of the record, `$$name` the text `$name`; other scalars are themselves; a list is the first of its
 * expressions that has a value; `{ of, table, otherwise }` looks a text up; `{ join: […] }` puts texts together when all are there.
 */
export function compileExpression(written: JsonValue, place: string): Expression {
  if (isList(written)) {
    const options = written.map((item) => compileExpression(item, place));
    return { valueIn: (record) => firstOf(options, record) };
  }
  if (isObject(written)) return compileMap(written, place);
  if (written === null) throw new RefusedMapping(place, 'Cannot set nothing: must be a value or an expression');
  if (typeof written === 'string' && written.startsWith('$') && !written.startsWith('$$')) {
    return { valueIn: fieldReader(written.slice(1), place) };
  }
  const constant = typeof written === 'string' && written.startsWith('$$') ? written.slice(1) : written;
  return { valueIn: () => constant, constant };
}

function firstOf(options: readonly Expression[], record: JsonObject): JsonValue | undefined {
  for (const option of options) {
    const value = option.valueIn(record);
    if (value !== undefined && value !== null && value !== '' && value !== '-') return value;
  }
  return undefined;
}

function compileMap(written: JsonObject, place: string): Expression {
  const { join, of, table, otherwise, ...rest } = written;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    throw new RefusedMapping(place, `Cannot understand "${unknown}": must be join, or of with table and otherwise`);
  if (join !== undefined) {
    if (!isList(join) || of !== undefined || table !== undefined)
      throw new RefusedMapping(place, 'Cannot understand "join": must be a list of expressions and stand alone');
    const parts = join.map((item) => compileExpression(item, place));
    return { valueIn: (record) => joined(parts, record) };
  }
  if (of === undefined || !isObject(table))
    throw new RefusedMapping(place, 'Cannot look up: must have "of" and "table"');
  const rows = Object.entries(table);
  if (rows.length > maxTableEntries)
    throw new RefusedMapping(place, `Cannot use a table of ${rows.length} entries: must be at most ${maxTableEntries}`);
  const values = new Map(rows.map(([key, value]) => [key, compileExpression(value, place)]));
  const subject = compileExpression(of, place);
  const fallback = otherwise === undefined ? undefined : compileExpression(otherwise, place);
  return {
    valueIn(record) {
      const key = asText(subject.valueIn(record));
      return (key === undefined ? fallback : (values.get(key) ?? fallback))?.valueIn(record);
    },
  };
}

function joined(parts: readonly Expression[], record: JsonObject): string | undefined {
  let text = '';
  for (const part of parts) {
    const value = part.valueIn(record);
    // Blanks and hyphens of the author's own are text; from a record they stand for nothing.
    const found = part.constant === undefined ? asText(value) : String(part.constant);
    if (found === undefined) return undefined;
    text += found;
  }
  return text;
}
