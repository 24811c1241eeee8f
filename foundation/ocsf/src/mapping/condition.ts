import type { JsonObject, JsonValue } from '../event.ts';
import { asText, isObject } from '../fields.ts';
import { RefusedMapping } from './mapping-refusal.ts';
import { fieldReader, isList } from './record-field.ts';

export type Condition = (record: JsonObject) => boolean;
type Test = (value: JsonValue | undefined) => boolean;

/**
 * All of `when` must hold. A field is compared as text: with a value, with any of a list of values, or by
 * `{ exists: true }`, `{ prefix: … }`, `{ suffix: … }`, `{ not: … }`.
 */
export function compileWhen(when: JsonObject): Condition {
  const tests = Object.entries(when).map(([path, wanted]): Condition => {
    const place = `when.${path}`;
    const read = fieldReader(path, place);
    const test = compileTest(wanted, place);
    return (record) => test(read(record));
  });
  return (record) => tests.every((test) => test(record));
}

function compileTest(wanted: JsonValue, place: string): Test {
  if (isList(wanted)) {
    const texts = new Set(wanted.map((item) => constantText(item, place)));
    return (value) => texts.has(asText(value) ?? '');
  }
  if (!isObject(wanted)) {
    const text = constantText(wanted, place);
    return (value) => asText(value) === text;
  }
  const [[kind, argument] = ['', null], ...more] = Object.entries(wanted);
  if (more.length > 0)
    throw new RefusedMapping(place, `Cannot understand the condition: must have one of exists, prefix, suffix, not`);
  switch (kind) {
    case 'exists':
      if (typeof argument !== 'boolean')
        throw new RefusedMapping(place, 'Cannot understand "exists": must be true or false');
      return (value) => (value !== undefined && value !== null) === argument;
    case 'prefix': {
      const prefixes = textsOf(argument, place);
      return (value) => prefixes.some((prefix) => asText(value)?.startsWith(prefix) === true);
    }
    case 'suffix': {
      const suffixes = textsOf(argument, place);
      return (value) => suffixes.some((suffix) => asText(value)?.endsWith(suffix) === true);
    }
    case 'not': {
      const inner = compileTest(argument, place);
      return (value) => !inner(value);
    }
    default:
      throw new RefusedMapping(
        place,
        `Cannot understand the condition "${kind}": must be exists, prefix, suffix or not`,
      );
  }
}

function textsOf(value: JsonValue, place: string): readonly string[] {
  return (isList(value) ? value : [value]).map((item) => constantText(item, place));
}

function constantText(value: JsonValue, place: string): string {
  const text = asText(value);
  if (text === undefined)
    throw new RefusedMapping(place, 'Cannot compare with nothing: must be text, a number or a boolean');
  return text;
}
