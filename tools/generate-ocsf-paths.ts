// Writes which attributes OCSF 1.8 events and objects have, so that search can tell a field nobody can have from one nobody has.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

type Entry = { readonly type?: string; readonly isList?: boolean };
type Shape = ReadonlyMap<string, Entry>;

/** Attributes by object, `event` for all classes together; `name>object` where the attribute is an object, `name[]>object` a list of them. */
export function ocsfPaths(schemaDirectory: string): string {
  const files = readSchema(schemaDirectory);
  const dictionary = new Map<string, Entry>();
  for (const [path, file] of files) {
    if (!path.endsWith('dictionary.json')) continue;
    for (const [name, entry] of entriesOf(file['attributes'])) {
      dictionary.set(name, entryOf(entry));
    }
  }
  const objects = shapesIn(files, /(?:^|\/)objects\//);
  const event = new Map<string, Entry>();
  for (const shape of shapesIn(files, /(?:^|\/)events\//).values())
    for (const [name, entry] of shape) event.set(name, entry);
  // A profile may add to any class.
  for (const [path, file] of files)
    if (/(?:^|\/)profiles\//.test(path)) for (const [name, entry] of attributesOf(file, files)) event.set(name, entry);
  const line = (owner: string, shape: Shape): string =>
    `${owner}: ${[...shape]
      .map(([name, entry]) => {
        const declared = entry.type ?? dictionary.get(name)?.type ?? '';
        // Whatever stands in JSON of its own may have any fields, as in an object without attributes.
        const type = declared === 'json_t' ? 'object' : declared;
        const listed = (entry.isList ?? dictionary.get(name)?.isList) === true ? `${name}[]` : name;
        return objects.has(type) ? `${listed}>${type === name ? '' : type}` : listed;
      })
      .toSorted()
      .join(' ')}`;
  return [
    line('event', event),
    ...[...objects].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, shape]) => line(name, shape)),
  ].join('\n');
}

type SchemaFile = Readonly<Record<string, unknown>>;

function readSchema(directory: string): Map<string, SchemaFile> {
  const files = new Map<string, SchemaFile>();
  for (const found of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!found.isFile() || !found.name.endsWith('.json') || found.parentPath.includes('metaschema')) continue;
    const path = join(found.parentPath, found.name);
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isRecord(parsed)) files.set(relative(directory, path), parsed);
  }
  return files;
}

/** Named shapes with their parents' attributes; a file without a name adds to the one it extends. */
function shapesIn(files: ReadonlyMap<string, SchemaFile>, folder: RegExp): Map<string, Shape> {
  const sources = [...files].filter(([path]) => folder.test(path)).map(([, file]) => file);
  const byName = new Map(
    sources.flatMap((file) => (typeof file['name'] === 'string' ? [[file['name'], file] as const] : [])),
  );
  const resolve = (file: SchemaFile): Shape => {
    const parent = typeof file['extends'] === 'string' ? byName.get(file['extends']) : undefined;
    const inherited: Shape = parent === undefined || parent === file ? new Map<string, Entry>() : resolve(parent);
    return new Map([...inherited, ...attributesOf(file, files)]);
  };
  const shapes = new Map([...byName].map(([name, file]) => [name, resolve(file)]));
  for (const patch of sources.filter((file) => file['name'] === undefined)) {
    const name = typeof patch['extends'] === 'string' ? patch['extends'] : '';
    const patched = shapes.get(name);
    if (patched !== undefined) shapes.set(name, new Map([...patched, ...attributesOf(patch, files)]));
  }
  return shapes;
}

function attributesOf(file: SchemaFile, files: ReadonlyMap<string, SchemaFile>): Shape {
  const found = new Map<string, Entry>();
  const source = file['attributes'];
  const includes: unknown = isRecord(source) ? source['$include'] : undefined;
  for (const path of Array.isArray(includes) ? includes : []) {
    const included = files.get(String(path));
    if (included !== undefined) for (const [name, entry] of attributesOf(included, files)) found.set(name, entry);
  }
  for (const [name, entry] of entriesOf(source)) {
    if (name === '$include') continue;
    found.set(name, { ...found.get(name), ...entryOf(entry) });
  }
  return found;
}

function entryOf(entry: SchemaFile): Entry {
  const { type, is_array: isList } = entry;
  return { ...(typeof type === 'string' && { type }), ...(typeof isList === 'boolean' && { isList }) };
}

function entriesOf(value: unknown): [string, SchemaFile][] {
  return isRecord(value)
    ? Object.entries(value).flatMap(([name, inner]): [string, SchemaFile][] => (isRecord(inner) ? [[name, inner]] : []))
    : [];
}

function isRecord(value: unknown): value is SchemaFile {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const generatedFile = join(import.meta.dirname, '..', 'modules/event-search/src/ocsf-paths.generated.ts');

export function generatedText(paths: string): string {
  return `// Generated from the OCSF 1.8.0 schema (Apache-2.0) by tools/generate-ocsf-paths.ts.

/** A line an object: its attributes; \`name>type\` (\`name>\`: the same name) where an attribute is an object, \`[]\` where it is a list. */
export const ocsfPaths = \`
${paths}
\`;
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const directory = process.argv[2];
  if (directory === undefined) throw new TypeError('Usage: generate-ocsf-paths.ts DIRECTORY of the OCSF 1.8.0 schema');
  writeFileSync(generatedFile, generatedText(ocsfPaths(directory)));
}
