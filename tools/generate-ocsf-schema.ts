// Writes the table of OCSF 1.8 classes and objects from the schema's source: node24 tools/generate-ocsf-schema.ts DIRECTORY
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

type SchemaFile = Readonly<Record<string, unknown>>;
type Files = ReadonlyMap<string, SchemaFile>;
type Attribute = {
  readonly type?: string;
  readonly isList?: boolean;
  readonly isRequired?: boolean;
  readonly values?: readonly string[];
};
type Shape = { readonly attributes: ReadonlyMap<string, Attribute>; readonly oneOf: readonly string[] };

/** The whole table; how a line reads is said in `foundation/ocsf/src/schema/schema.ts`. */
export function schemaTable(directory: string): string {
  const files = readSchema(directory);
  const dictionary = new Map<string, Attribute>();
  for (const [path, file] of files) {
    if (!path.endsWith('dictionary.json')) continue;
    for (const [name, entry] of recordsIn(file['attributes'])) dictionary.set(name, attributeOf(entry));
  }
  const objects = [...shapesIn(files, /(?:^|\/)objects\//)].filter(([name]) => !name.startsWith('_'));
  const classes = classesIn(files);
  const base = new Set(classes.filter(({ uid }) => uid === 0).flatMap(({ shape }) => written(shape, dictionary)));
  const lines = [
    ...classes.map(({ uid, name, shape }) => {
      const own = written(shape, dictionary).filter((attribute) => uid === 0 || !base.has(attribute));
      return `class ${uid} ${name}${oneOfText(shape)} ${own.join(' ')}`;
    }),
    ...objects.map(([name, shape]) => `object ${name}${oneOfText(shape)} ${written(shape, dictionary).join(' ')}`),
  ];
  return lines.toSorted((left, right) => left.localeCompare(right, 'en', { numeric: true })).join('\n');
}

function written(shape: Shape, dictionary: ReadonlyMap<string, Attribute>): string[] {
  const attributes = [...shape.attributes].map(([name, own]) => {
    const known = dictionary.get(name);
    const values = [...new Set([...(known?.values ?? []), ...(own.values ?? [])])];
    const isList = own.isList ?? known?.isList ?? false;
    const type = (own.type ?? known?.type ?? 'json_t').replace(/_t$/, '.');
    // The numbers of class and category follow from the class.
    const isEnumerated = type === 'integer.' && values.length > 0 && name !== 'class_uid' && name !== 'category_uid';
    // A word may hold a space, which ends an attribute of the table.
    const words = type === 'string.' ? values.toSorted().map((value) => value.replaceAll(' ', '~')) : [];
    const numbers = isEnumerated ? values.toSorted((left, right) => Number(left) - Number(right)) : [];
    const allowed = [...numbers, ...words];
    const listed = allowed.length === 0 ? '' : `(${allowed.join(',')})`;
    return `${own.isRequired === true ? '*' : ''}${name}${isList ? '[]' : ''}:${type}${listed}`;
  });
  return attributes.toSorted();
}

function oneOfText(shape: Shape): string {
  return shape.oneOf.map((name) => `|${name}`).join('');
}

function readSchema(directory: string): Files {
  const files = new Map<string, SchemaFile>();
  for (const found of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!found.isFile() || !found.name.endsWith('.json') || found.parentPath.includes('metaschema')) continue;
    const path = join(found.parentPath, found.name);
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isRecord(parsed)) files.set(relative(directory, path), parsed);
  }
  return files;
}

/** Named shapes with what they inherit; a file without a name adds to the one it extends. */
function shapesIn(files: Files, folder: RegExp): Map<string, Shape> {
  const sources = [...files].filter(([path]) => folder.test(path)).map(([, file]) => file);
  const byName = new Map(
    sources.flatMap((file) => (typeof file['name'] === 'string' ? [[file['name'], file] as const] : [])),
  );
  const resolve = (file: SchemaFile): Shape => {
    const parent = typeof file['extends'] === 'string' ? byName.get(file['extends']) : undefined;
    const inherited = parent === undefined || parent === file ? undefined : resolve(parent);
    return merged(inherited, { attributes: attributesIn(file, files), oneOf: oneOfIn(file) });
  };
  const shapes = new Map([...byName].map(([name, file]) => [name, resolve(file)]));
  for (const patch of sources.filter((file) => file['name'] === undefined)) {
    const name = typeof patch['extends'] === 'string' ? patch['extends'] : '';
    const patched = shapes.get(name);
    if (patched !== undefined)
      shapes.set(name, merged(patched, { attributes: attributesIn(patch, files), oneOf: oneOfIn(patch) }));
  }
  return shapes;
}

function merged(under: Shape | undefined, over: Shape): Shape {
  const attributes = new Map(under?.attributes);
  for (const [name, attribute] of over.attributes) {
    const before = attributes.get(name);
    const values = [...new Set([...(before?.values ?? []), ...(attribute.values ?? [])])];
    attributes.set(name, { ...before, ...attribute, ...(values.length > 0 && { values }) });
  }
  return { attributes, oneOf: over.oneOf.length > 0 ? over.oneOf : (under?.oneOf ?? []) };
}

function attributesIn(file: SchemaFile, files: Files): Map<string, Attribute> {
  const found = new Map<string, Attribute>();
  const source = file['attributes'];
  const includes: unknown = isRecord(source) ? source['$include'] : undefined;
  for (const path of Array.isArray(includes) ? includes : []) {
    const profile = files.get(String(path));
    if (profile === undefined) continue;
    // What a profile requires is required only where the profile is worn.
    for (const [name, attribute] of attributesIn(profile, files)) found.set(name, { ...attribute, isRequired: false });
  }
  for (const [name, entry] of recordsIn(source)) {
    if (name === '$include') continue;
    const own = attributeOf(entry);
    const isOfProfile = entry['profile'] !== undefined && entry['profile'] !== null;
    found.set(name, { ...found.get(name), ...own, ...(isOfProfile && { isRequired: false }) });
  }
  return found;
}

function attributeOf(entry: SchemaFile): Attribute {
  const { type, is_array: isList, requirement } = entry;
  const values = isRecord(entry['enum']) ? Object.keys(entry['enum']) : [];
  return {
    ...(typeof type === 'string' && { type }),
    ...(typeof isList === 'boolean' && { isList }),
    ...(typeof requirement === 'string' && { isRequired: requirement === 'required' }),
    ...(values.length > 0 && { values }),
  };
}

function oneOfIn(file: SchemaFile): readonly string[] {
  const constraints = file['constraints'];
  const listed: unknown = isRecord(constraints) ? constraints['at_least_one'] : undefined;
  return Array.isArray(listed) ? listed.map(String) : [];
}

/** Concrete classes by their number: extension × 100000 + category × 1000 + class. */
function classesIn(files: Files): { uid: number; name: string; shape: Shape }[] {
  const shapes = shapesIn(files, /(?:^|\/)events\//);
  const categories = new Map(
    recordsIn(files.get('categories.json')?.['attributes']).map(([name, entry]) => [name, Number(entry['uid'])]),
  );
  const named = new Map(
    [...files]
      .filter(([path, file]) => /(?:^|\/)events\//.test(path) && typeof file['name'] === 'string')
      .map(([path, file]) => [String(file['name']), { path, file }] as const),
  );
  const categoryOf = (file: SchemaFile): number => {
    if (typeof file['category'] === 'string') return categories.get(file['category']) ?? 0;
    const parent = named.get(String(file['extends']));
    return parent === undefined ? 0 : categoryOf(parent.file);
  };
  return [...named].flatMap(([name, { path, file }]) => {
    const shape = shapes.get(name);
    if (shape === undefined || (file['uid'] === undefined && name !== 'base_event')) return [];
    const extension = /^extensions\/[^/]+\//.exec(path)?.[0];
    const extensionUid = extension === undefined ? 0 : Number(files.get(`${extension}extension.json`)?.['uid']);
    return [{ uid: extensionUid * 100_000 + categoryOf(file) * 1000 + Number(file['uid'] ?? 0), name, shape }];
  });
}

function recordsIn(value: unknown): [string, SchemaFile][] {
  return isRecord(value)
    ? Object.entries(value).flatMap(([name, inner]): [string, SchemaFile][] => (isRecord(inner) ? [[name, inner]] : []))
    : [];
}

function isRecord(value: unknown): value is SchemaFile {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const generatedFile = join(import.meta.dirname, '..', 'foundation/ocsf/src/schema/schema.generated.ts');

export function generatedText(table: string): string {
  return `// Generated from the OCSF 1.8.0 schema source (Apache-2.0) by tools/generate-ocsf-schema.ts: names, types and numbers.

/** A line a class or an object; see \`schema.ts\`. */
export const schemaTable = \`
${table}
\`;
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const directory = process.argv[2];
  if (directory === undefined) throw new TypeError('Usage: generate-ocsf-schema.ts DIRECTORY of the OCSF 1.8.0 schema');
  writeFileSync(generatedFile, generatedText(schemaTable(directory)));
}
