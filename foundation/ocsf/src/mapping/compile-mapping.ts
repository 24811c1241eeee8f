import type { ClassifiedEvent, JsonObject, JsonValue } from '../event.ts';
import { isObject } from '../fields.ts';
import type { OcsfAttribute, OcsfSchema, OcsfShape } from '../schema/schema.ts';
import { conversionTo } from './attribute-value.ts';
import type { Completeness } from './completeness.ts';
import { compileWhen } from './condition.ts';
import { compileExpression } from './expression.ts';
import type { MappingDocument } from './mapping-document.ts';
import { RefusedMapping } from './mapping-refusal.ts';
import { fieldReader, isList } from './record-field.ts';

/** What a mapping makes of a record, before time and original text are added. */
export type MappedRecord = ClassifiedEvent & {
  readonly severityId: number | undefined;
  /** Milliseconds since 1970, as the record claims. */
  readonly timeMs: number | undefined;
  readonly metadata: JsonObject;
};

export type Mapping = {
  readonly name: string;
  readonly version: number;
  readonly format: string;
  readonly sigma: MappingDocument['sigma'];
  readonly conditions: number;
  /** Undefined when the mapping is for other records, or this one lacks what its class requires. */
  readonly map: (record: JsonObject) => MappedRecord | undefined;
};

type Draft = { [name: string]: JsonValue };
type House = { readonly schema: OcsfSchema; readonly completeness: Completeness };
type Write = (record: JsonObject, into: Draft) => void;

const maxListItems = 100;
const maxAttributes = 200;
/** Set by whoever assembles the event. */
const reserved = new Set([
  'class_uid',
  'category_uid',
  'type_uid',
  'activity_id',
  'severity_id',
  'time',
  'raw_data',
  'unmapped',
]);
const number: OcsfAttribute = { type: 'integer', isObject: false, isList: false, isRequired: true };
const timestamp: OcsfAttribute = { ...number, type: 'timestamp' };

/**
 * A mapping ready to use: every attribute it sets exists in its class, every constant fits its type. At run time a value that
 * does not fit is left out, an object that lacks what the schema requires of it is left out whole, and a record for which the
 * class itself would be incomplete is not mapped: so what comes out keeps the schema. Throws RefusedMapping.
 */
export function compileMapping(document: MappingDocument, schema: OcsfSchema, completeness: Completeness): Mapping {
  const house: House = { schema, completeness };
  const shape = schema.classes.get(document.class);
  if (shape === undefined)
    throw new RefusedMapping('class', `Cannot use class ${document.class}: OCSF 1.8.0 has none of this number`);
  const applies = compileWhen(document.when);
  const activity = scalarWriter({ ...number, ...valuesOf(shape, 'activity_id') }, document.activity, 'activity');
  const severity =
    document.severity === undefined
      ? undefined
      : scalarWriter({ ...number, ...valuesOf(shape, 'severity_id') }, document.severity, 'severity');
  const time = document.time === undefined ? undefined : scalarWriter(timestamp, document.time, 'time');
  const writes = compileSet(document.set, shape, house, 'set');

  return {
    name: document.name,
    version: document.version,
    format: document.format,
    sigma: document.sigma,
    conditions: Object.keys(document.when).length,
    map(record) {
      if (!applies(record)) return undefined;
      const activityId = activity(record);
      if (typeof activityId !== 'number') return undefined;
      const draft: Draft = {};
      for (const write of writes) write(record, draft);
      const attributes = completeness.ofClass(shape, reserved, draft);
      if (attributes === undefined) return undefined;
      const { metadata, ...others } = attributes;
      const severityId = severity?.(record);
      const timeMs = time?.(record);
      return {
        classUid: document.class,
        activityId,
        attributes: others,
        severityId: typeof severityId === 'number' ? severityId : undefined,
        timeMs: typeof timeMs === 'number' ? timeMs : undefined,
        metadata: isObject(metadata) ? metadata : {},
      };
    },
  };
}

function valuesOf(shape: OcsfShape, name: string): Pick<OcsfAttribute, 'values'> {
  const values = shape.attributes.get(name)?.values;
  return values === undefined ? {} : { values };
}

function compileSet(set: JsonObject, shape: OcsfShape, house: House, place: string): Write[] {
  const entries = Object.entries(set);
  if (entries.length > maxAttributes)
    throw new RefusedMapping(place, `Cannot set ${entries.length} attributes: must be at most ${maxAttributes}`);
  return entries.map(([path, written]) => {
    const here = `${place}.${path}`;
    const steps = path.split('.');
    if (place === 'set' && reserved.has(steps[0] ?? ''))
      throw new RefusedMapping(here, `Cannot set "${path}": it follows from the rest`);
    const attribute = attributeAt(shape, steps, house.schema, here);
    const value = attribute.isObject
      ? objectWriter(attribute, written, house, here)
      : scalarWriter(attribute, written, here);
    return (record, into) => {
      const found = value(record);
      if (found !== undefined) put(into, steps, found);
    };
  });
}

function attributeAt(shape: OcsfShape, steps: readonly string[], schema: OcsfSchema, place: string): OcsfAttribute {
  let owner: OcsfShape | undefined = shape;
  for (const [at, step] of steps.entries()) {
    const attribute: OcsfAttribute | undefined = owner?.attributes.get(step);
    if (attribute === undefined || owner === undefined)
      throw new RefusedMapping(
        place,
        `Cannot set "${steps.join('.')}": "${owner?.name ?? shape.name}" has no attribute "${step}"`,
      );
    if (at === steps.length - 1) return attribute;
    if (!attribute.isObject) throw new RefusedMapping(place, `Cannot set "${steps.join('.')}": "${step}" is no object`);
    if (attribute.isList)
      throw new RefusedMapping(place, `Cannot set "${steps.join('.')}": "${step}" is a list, set it by "each"`);
    owner = schema.objects.get(attribute.type);
  }
  throw new RefusedMapping(place, 'Cannot set an attribute without a name');
}

/** A list attribute takes a single value as a list of one. */
function scalarWriter(
  attribute: OcsfAttribute,
  written: JsonValue,
  place: string,
): (record: JsonObject) => JsonValue | undefined {
  const expression = compileExpression(written, place);
  const convert = conversionTo(attribute);
  const valueOf = (value: JsonValue | undefined): JsonValue | undefined => {
    if (value === undefined || value === null) return undefined;
    if (!attribute.isList) return convert(value);
    const items = (isList(value) ? value : [value]).slice(0, maxListItems).flatMap((item) => convert(item) ?? []);
    return items.length === 0 ? undefined : items;
  };
  if (expression.constant !== undefined) {
    const constant = valueOf(expression.constant);
    if (constant === undefined)
      throw new RefusedMapping(
        place,
        `Cannot set ${JSON.stringify(expression.constant)}: must be ${wanted(attribute)}`,
      );
    return () => constant;
  }
  return (record) => valueOf(expression.valueIn(record));
}

function wanted(attribute: OcsfAttribute): string {
  const known = attribute.values ?? attribute.words;
  return known === undefined ? `of the type ${attribute.type}` : `one of ${[...known].join(', ')}`;
}

/** `{ each: field, set: … }` makes a list of objects, one for each item of the field; a scalar item is the field `$item`. */
function objectWriter(
  attribute: OcsfAttribute,
  written: JsonValue,
  house: House,
  place: string,
): (record: JsonObject) => JsonValue | undefined {
  const shape = house.schema.objects.get(attribute.type);
  const set = isObject(written) ? written['set'] : undefined;
  if (!attribute.isList || shape === undefined || !isObject(written) || !isObject(set))
    throw new RefusedMapping(
      place,
      `Cannot set the object "${attribute.type}" as a whole: set its attributes, or lists by each and set`,
    );
  const { each } = written;
  const items = each === undefined ? (record: JsonObject) => [record] : itemsReader(each, place);
  const writes = compileSet(set, shape, house, `${place}.set`);
  return (record) => {
    const made = items(record).flatMap((item) => {
      const draft: Draft = {};
      for (const write of writes) write(item, draft);
      return house.completeness.ofObject(attribute.type, draft) ?? [];
    });
    return made.length === 0 ? undefined : made;
  };
}

function itemsReader(each: JsonValue, place: string): (record: JsonObject) => readonly JsonObject[] {
  if (typeof each !== 'string' || !each.startsWith('$'))
    throw new RefusedMapping(place, 'Cannot understand "each": must be a field, as in $resources');
  const read = fieldReader(each.slice(1), place);
  return (record) => {
    const value = read(record);
    const items = isList(value) ? value : value === undefined || value === null ? [] : [value];
    return items.slice(0, maxListItems).map((item) => (isObject(item) ? item : { item }));
  };
}

function put(into: Draft, steps: readonly string[], value: JsonValue): void {
  let owner = into;
  for (const step of steps.slice(0, -1)) {
    const inner = owner[step];
    if (isDraft(inner)) owner = inner;
    else {
      const made: Draft = {};
      owner[step] = made;
      owner = made;
    }
  }
  owner[steps.at(-1) ?? ''] = value;
}

function isDraft(value: JsonValue | undefined): value is Draft {
  return isObject(value);
}
