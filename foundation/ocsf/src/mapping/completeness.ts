import type { JsonObject, JsonValue } from '../event.ts';
import { isObject } from '../fields.ts';
import type { OcsfSchema, OcsfShape } from '../schema/schema.ts';

export type Completeness = {
  /** The attributes of a class that hold together; undefined when one it requires is missing. `given` are set by others. */
  readonly ofClass: (shape: OcsfShape, given: ReadonlySet<string>, attributes: JsonObject) => JsonObject | undefined;
  /** The same for an object, which is nothing when it is empty. */
  readonly ofObject: (type: string, attributes: JsonObject) => JsonObject | undefined;
};

/** Set on every event by whoever assembles it. */
const givenIn: ReadonlyMap<string, ReadonlySet<string>> = new Map([['metadata', new Set(['version'])]]);
const nothingGiven: ReadonlySet<string> = new Set();

/** Leaves out, from the inside out, objects that lack what the schema requires of them: what is left keeps the schema. */
export function createCompleteness(schema: OcsfSchema): Completeness {
  const requiredBy = new Map<OcsfShape, readonly string[]>();

  function requiredOf(shape: OcsfShape): readonly string[] {
    const known = requiredBy.get(shape);
    if (known !== undefined) return known;
    const required = [...shape.attributes].filter(([, attribute]) => attribute.isRequired).map(([name]) => name);
    requiredBy.set(shape, required);
    return required;
  }

  function kept(shape: OcsfShape, given: ReadonlySet<string>, attributes: JsonObject): JsonObject | undefined {
    const found: Record<string, JsonValue> = {};
    for (const name in attributes) {
      const value = attributes[name];
      const attribute = shape.attributes.get(name);
      const inner = attribute?.isObject === true && isObject(value) ? ofObject(attribute.type, value) : value;
      if (inner !== undefined) found[name] = inner;
    }
    if (requiredOf(shape).some((name) => found[name] === undefined && !given.has(name))) return undefined;
    return shape.oneOf.length > 0 && !shape.oneOf.some((name) => found[name] !== undefined) ? undefined : found;
  }

  function ofObject(type: string, attributes: JsonObject): JsonObject | undefined {
    const shape = schema.objects.get(type);
    // `object` stands for any fields at all.
    if (shape === undefined || shape.attributes.size === 0) return attributes;
    const found = kept(shape, givenIn.get(type) ?? nothingGiven, attributes);
    return found === undefined || Object.keys(found).length === 0 ? undefined : found;
  }

  return { ofClass: kept, ofObject };
}
