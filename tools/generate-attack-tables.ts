// Writes the tables of techniques from MITRE's own files, given by path; nothing is downloaded:
//   node24 tools/generate-attack-tables.ts --enterprise enterprise-attack-19.2.json [--origin TEXT]
//   node24 tools/generate-attack-tables.ts --atlas ATLAS-2026.09.yaml [--origin TEXT]
// The first is a STIX bundle as in mitre-attack/attack-stix-data (or mitre/cti), the second ATLAS data of format 6
// as in mitre-atlas/atlas-data. `--origin` says in the table where the file came from, if not straight from there.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse as parseYaml } from 'yaml';
import { attackFrameworkOf } from '@sallyport/content/attack';
import type { AttackTable } from '@sallyport/content/attack';

type Fields = Readonly<Record<string, unknown>>;

/** From a STIX 2.0 or 2.1 bundle. What the matrix, the tactics or a technique lacks is refused by name. */
export function enterpriseTable(bundle: unknown, origin: string): AttackTable {
  const objects = listOf(fieldsOf(bundle, 'The bundle')['objects'], 'objects of the bundle').map((object) =>
    fieldsOf(object, 'An object'),
  );
  const ofType = (type: string): Fields[] => objects.filter((object) => object['type'] === type);
  const matrix = ofType('x-mitre-matrix').find((object) => object['x_mitre_deprecated'] !== true);
  const tacticById = new Map(ofType('x-mitre-tactic').map((object) => [textOf(object, 'id'), object]));
  const tactics = listOf(matrix?.['tactic_refs'], 'tactic_refs of the matrix').map((reference) => {
    const tactic = tacticById.get(String(reference));
    if (tactic === undefined)
      throw new RangeError(`The matrix names tactic "${String(reference)}", which is not there`);
    return `${mitreId(tactic)}|${textOf(tactic, 'x_mitre_shortname')}|${textOf(tactic, 'name')}`;
  });
  const patterns = ofType('attack-pattern');
  const idOf = new Map(patterns.map((pattern) => [textOf(pattern, 'id'), mitreId(pattern)]));
  const successors = new Map<string, string>();
  for (const relation of ofType('relationship')) {
    const [from, to] = [idOf.get(String(relation['source_ref'])), idOf.get(String(relation['target_ref']))];
    if (relation['relationship_type'] === 'revoked-by' && from !== undefined && to !== undefined)
      successors.set(from, to);
  }
  const techniques = patterns.map((pattern) => {
    const id = mitreId(pattern);
    const phases = listOf(pattern['kill_chain_phases'] ?? [], `phases of ${id}`)
      .map((phase) => fieldsOf(phase, `A phase of ${id}`))
      .filter((phase) => phase['kill_chain_name'] === 'mitre-attack')
      .map((phase) => textOf(phase, 'phase_name'));
    const successor = successors.get(id);
    return line(id, textOf(pattern, 'name'), {
      isGone: pattern['revoked'] === true || pattern['x_mitre_deprecated'] === true,
      successor: pattern['revoked'] === true ? successor : undefined,
      tactics: phases,
    });
  });
  const collection = ofType('x-mitre-collection')[0];
  return {
    framework: 'attack',
    name: 'MITRE ATT&CK Enterprise',
    version: collection === undefined ? '' : textOf(collection, 'x_mitre_version'),
    origin,
    licence:
      '© 2026 The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation.',
    tactics,
    techniques: techniques.toSorted(byId),
  };
}

/** From ATLAS data of format 6: tactics of a technique are its `achieves`, a sub-technique has those of its parent where it has none. */
export function atlasTable(data: unknown, origin: string): AttackTable {
  const root = fieldsOf(data, 'The file');
  const format = String(root['format-version']);
  if (!format.startsWith('6.')) throw new RangeError(`Cannot read ATLAS format "${format}", must be 6`);
  const relations = fieldsOf(root['relationships'], 'relationships');
  const targets = (id: string, kind: string): string[] =>
    listOf(fieldsOf(relations[id] ?? {}, `relationships of ${id}`)[kind] ?? [], `${kind} of ${id}`).map((relation) =>
      textOf(fieldsOf(relation, `A relation of ${id}`), 'target'),
    );
  const names = new Map(
    Object.entries(fieldsOf(root['tactics'], 'tactics')).map(([id, tactic]) => [
      id,
      textOf(fieldsOf(tactic, id), 'name'),
    ]),
  );
  const inOrder = targets('ATLAS-matrix', 'sequences');
  const shortName = (id: string): string => (names.get(id) ?? '').toLowerCase().replaceAll(' ', '-');
  const techniques = Object.entries(fieldsOf(root['techniques'], 'techniques')).map(([id, technique]) => {
    const own = targets(id, 'achieves');
    const [parent = id] = /^AML\.T\d{4}/.exec(id) ?? [];
    return line(id, textOf(fieldsOf(technique, id), 'name'), {
      isGone: false,
      successor: undefined,
      tactics: (own.length > 0 ? own : targets(parent, 'achieves')).map(shortName),
    });
  });
  return {
    framework: 'atlas',
    name: 'MITRE ATLAS',
    version: textOf(fieldsOf(root['collection'], 'collection'), 'version'),
    origin,
    licence: '© 2026 The MITRE Corporation. MITRE ATLAS data is under the Apache License 2.0.',
    tactics: (inOrder.length > 0 ? inOrder : [...names.keys()]).map(
      (id) => `${id}|${shortName(id)}|${names.get(id) ?? ''}`,
    ),
    techniques: techniques.toSorted(byId),
  };
}

export function tableText(table: AttackTable): string {
  // A table that does not hold together is not written: reading it tells what is wrong.
  attackFrameworkOf(table);
  return `${JSON.stringify(table, undefined, 1)}\n`;
}

/** A technique before its sub-techniques. */
function byId(left: string, right: string): number {
  const [one = '', other = ''] = [left.split('|')[0], right.split('|')[0]];
  return one < other ? -1 : one > other ? 1 : 0;
}

function line(
  id: string,
  name: string,
  { isGone, successor, tactics }: { isGone: boolean; successor: string | undefined; tactics: readonly string[] },
): string {
  if (successor !== undefined) return `${id}|${name}|>${successor}`;
  return `${id}|${name}|${isGone ? '-' : tactics.toSorted().join(',')}`;
}

function mitreId(object: Fields): string {
  const references = listOf(object['external_references'], `references of ${String(object['id'])}`);
  for (const reference of references) {
    const { source_name: source, external_id: id } = fieldsOf(reference, 'A reference');
    if (source === 'mitre-attack' && typeof id === 'string') return id;
  }
  throw new RangeError(`${String(object['id'])} has no ATT&CK id`);
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new RangeError(`${what} is no object`);
  return { ...value };
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new RangeError(`No ${what}`);
  return value;
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value === '') throw new RangeError(`No ${name} in ${String(fields['id'])}`);
  return value.trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { enterprise: { type: 'string' }, atlas: { type: 'string' }, origin: { type: 'string' } },
  });
  const directory = join(import.meta.dirname, '..', 'content', 'attack');
  const write = (name: string, table: AttackTable): void => {
    writeFileSync(join(directory, name), tableText(table));
    process.stdout.write(
      `${table.name} ${table.version}: ${table.tactics.length} tactics, ${table.techniques.length} techniques\n`,
    );
  };
  const { enterprise, atlas } = values;
  if (enterprise !== undefined)
    write(
      'enterprise.json',
      enterpriseTable(JSON.parse(readFileSync(enterprise, 'utf8')), values.origin ?? 'mitre-attack/attack-stix-data'),
    );
  if (atlas !== undefined)
    write('atlas.json', atlasTable(parseYaml(readFileSync(atlas, 'utf8')), values.origin ?? 'mitre-atlas/atlas-data'));
}
