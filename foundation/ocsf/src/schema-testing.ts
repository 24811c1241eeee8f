import type { JsonObject, JsonValue } from './event.ts';
import { asText, isObject } from './fields.ts';

/** The files of the OCSF schema source, by path (`events/base_event.json`), parsed. */
export type SchemaFiles = ReadonlyMap<string, JsonObject>;

type Attributes = ReadonlyMap<string, JsonObject>;
type Shape = { readonly attributes: Attributes; readonly constraints: JsonObject };

/**
 * Checks events against the OCSF schema source with extensions and profiles applied: known classes, attributes of class
 * and objects, required attributes, constraints, types, arrays, enum values, ids that follow from each other.
 */
export function createSchemaValidator(files: SchemaFiles): (event: JsonObject) => string[] {
  const dictionary = new Map<string, JsonObject>();
  const types = new Map<string, JsonObject>();
  for (const [path, file] of files) {
    if (!path.endsWith('dictionary.json')) continue;
    for (const [name, entry] of entriesOf(file['attributes'])) dictionary.set(name, entry);
    for (const [name, entry] of entriesOf(isObject(file['types']) ? file['types']['attributes'] : {}))
      types.set(name, entry);
  }
  const objects = shapes(files, /(?:^|\/)objects\//);
  const events = shapes(files, /(?:^|\/)events\//);
  const classes = classNumbers(files, events);

  function check(shape: Shape, value: JsonObject, path: string, problems: string[]): void {
    for (const [name, inner] of Object.entries(value)) {
      const attribute = shape.attributes.get(name);
      if (attribute === undefined) problems.push(`${path}.${name} is not in the schema`);
      else checkAttribute({ name, attribute, path: `${path}.${name}` }, inner, problems);
    }
    for (const [name, attribute] of shape.attributes) {
      const isBaseProfile = attribute['profile'] !== undefined && attribute['profile'] !== null;
      if (attribute['requirement'] === 'required' && !isBaseProfile && value[name] === undefined)
        problems.push(`${path}.${name} is required`);
    }
    const oneOf = shape.constraints['at_least_one'];
    if (isList(oneOf) && !oneOf.some((name) => typeof name === 'string' && value[name] !== undefined)) {
      problems.push(`${path} needs one of ${oneOf.map((name) => written(name)).join(', ')}`);
    }
  }

  function checkAttribute(
    place: { name: string; attribute: JsonObject; path: string },
    value: JsonValue,
    problems: string[],
  ): void {
    const { name, attribute, path } = place;
    const entry = dictionary.get(name);
    if (entry === undefined) problems.push(`${path} is not in the dictionary`);
    const type = attribute['type'] ?? entry?.['type'];
    const isArray = (attribute['is_array'] ?? entry?.['is_array']) === true;
    if (isArray !== isList(value)) problems.push(`${path} must ${isArray ? '' : 'not '}be an array`);
    const enumeration = {
      ...(isObject(entry?.['enum']) ? entry['enum'] : {}),
      ...(isObject(attribute['enum']) ? attribute['enum'] : {}),
    };
    for (const item of isList(value) ? value : [value]) {
      if (Object.keys(enumeration).length > 0 && !Object.hasOwn(enumeration, written(item)))
        problems.push(`${path} is ${written(item)}, not in its enum`);
      checkType(typeof type === 'string' ? type : '', item, path, problems);
    }
  }

  function checkType(type: string, value: JsonValue, path: string, problems: string[]): void {
    const shape = objects.get(type);
    if (shape !== undefined) {
      if (!isObject(value)) problems.push(`${path} must be an object`);
      else if (type !== 'object') check(shape, value, path, problems);
      return;
    }
    const base = types.get(type)?.['type'] ?? type;
    if (base === 'integer_t' || base === 'long_t') {
      if (!Number.isSafeInteger(value)) problems.push(`${path} must be an integer`);
    } else if (base === 'boolean_t') {
      if (typeof value !== 'boolean') problems.push(`${path} must be a boolean`);
    } else if (base === 'string_t') {
      if (typeof value !== 'string') problems.push(`${path} must be a string`);
      else if (type === 'ip_t' && !new RegExp(written(types.get(type)?.['regex'])).test(value))
        problems.push(`${path} is no address`);
    } else if (base !== 'json_t' && base !== 'float_t') problems.push(`${path} has the unknown type ${type}`);
  }

  return (event) => {
    const problems: string[] = [];
    const known = classes.get(Number(event['class_uid']));
    if (known === undefined) return [`class_uid ${written(event['class_uid'])} is not in the schema`];
    check(known.shape, event, known.name, problems);
    if (event['category_uid'] !== known.categoryUid) problems.push(`category_uid must be ${known.categoryUid}`);
    if (event['type_uid'] !== Number(event['class_uid']) * 100 + Number(event['activity_id']))
      problems.push('type_uid does not follow');
    return problems;
  };
}

function written(value: JsonValue | undefined): string {
  return asText(value) ?? '';
}

/** `Array.isArray` alone would lose the type of the items. */
function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function entriesOf(value: JsonValue | undefined): [string, JsonObject][] {
  return isObject(value)
    ? Object.entries(value).flatMap(([name, inner]): [string, JsonObject][] => (isObject(inner) ? [[name, inner]] : []))
    : [];
}

/** Named shapes with their parents' attributes; a file without a name patches the one it extends. */
function shapes(files: SchemaFiles, folder: RegExp): ReadonlyMap<string, Shape> {
  const sources = [...files].filter(([path]) => folder.test(path)).map(([, file]) => file);
  const byName = new Map(
    sources.flatMap((file): [string, JsonObject][] => (typeof file['name'] === 'string' ? [[file['name'], file]] : [])),
  );
  const resolve = (file: JsonObject): Shape => {
    const parent = typeof file['extends'] === 'string' ? byName.get(file['extends']) : undefined;
    const inherited = parent === undefined ? undefined : resolve(parent);
    const attributes = new Map<string, JsonObject>(inherited?.attributes);
    addAttributes(attributes, file['attributes'], files);
    return {
      attributes,
      constraints: isObject(file['constraints']) ? file['constraints'] : (inherited?.constraints ?? {}),
    };
  };
  const resolved = new Map([...byName].map(([name, file]): [string, Shape] => [name, resolve(file)]));
  for (const patch of sources.filter((file) => file['name'] === undefined)) {
    const patched = resolved.get(written(patch['extends']));
    if (patched === undefined) continue;
    const attributes = new Map(patched.attributes);
    addAttributes(attributes, patch['attributes'], files);
    resolved.set(written(patch['extends']), { ...patched, attributes });
  }
  return resolved;
}

function addAttributes(into: Map<string, JsonObject>, source: JsonValue | undefined, files: SchemaFiles): void {
  if (!isObject(source)) return;
  const includes = source['$include'];
  for (const path of isList(includes) ? includes : []) {
    const profile = files.get(written(path));
    if (profile === undefined) continue;
    const included = new Map<string, JsonObject>();
    addAttributes(included, profile['attributes'], files);
    for (const [name, entry] of included)
      into.set(name, { ...into.get(name), ...entry, profile: profile['name'] ?? null });
  }
  for (const [name, entry] of entriesOf(source)) {
    if (name === '$include') continue;
    const before = into.get(name);
    const enumeration = {
      ...(isObject(before?.['enum']) ? before['enum'] : {}),
      ...(isObject(entry['enum']) ? entry['enum'] : {}),
    };
    into.set(name, { ...before, ...entry, ...(Object.keys(enumeration).length > 0 ? { enum: enumeration } : {}) });
  }
}

type NumberedClass = { readonly name: string; readonly categoryUid: number; readonly shape: Shape };

function classNumbers(files: SchemaFiles, events: ReadonlyMap<string, Shape>): ReadonlyMap<number, NumberedClass> {
  const categories = new Map(
    entriesOf(files.get('categories.json')?.['attributes']).map(([name, entry]) => [name, Number(entry['uid'])]),
  );
  const byName = new Map(
    [...files]
      .filter(([path]) => /(?:^|\/)events\//.test(path))
      .map(([path, file]) => [written(file['name']), { path, file }]),
  );
  const categoryUidOf = (file: JsonObject): number => {
    if (typeof file['category'] === 'string') return categories.get(file['category']) ?? 0;
    const parent = byName.get(written(file['extends']));
    return parent === undefined ? 0 : categoryUidOf(parent.file);
  };
  const found = new Map<number, NumberedClass>();
  for (const [name, { path, file }] of byName) {
    const shape = events.get(name);
    if (shape === undefined || (file['uid'] === undefined && name !== 'base_event')) continue;
    const extensionPath = /^extensions\/[^/]+\//.exec(path)?.[0];
    const extensionUid = extensionPath === undefined ? 0 : Number(files.get(`${extensionPath}extension.json`)?.['uid']);
    const categoryUid = categoryUidOf(file);
    // Every class redefines the base event's three ids: their enums are the caller's to check by number.
    const attributes = new Map(shape.attributes);
    for (const id of ['class_uid', 'category_uid']) attributes.set(id, { requirement: 'required' });
    found.set(extensionUid * 100_000 + categoryUid * 1000 + Number(file['uid'] ?? 0), {
      name,
      categoryUid,
      shape: { ...shape, attributes },
    });
  }
  return found;
}
