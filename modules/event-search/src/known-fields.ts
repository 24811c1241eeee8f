import { readOcsfSchema } from '@sallyport/ocsf/schema';
import type { OcsfAttribute } from '@sallyport/ocsf/schema';
import { fieldAliases, promotedFields, rowFields } from './promoted-fields.ts';

/** Whether an event can have a field at all. `list`: it lies inside the list `at`, which search cannot look into. */
export type FieldStanding =
  | { readonly kind: 'known' }
  | { readonly kind: 'list'; readonly at: string }
  | { readonly kind: 'unknown'; readonly suggestions: readonly string[] };

type Attribute = { readonly object: string | undefined; readonly isList: boolean };

const schema = readOcsfSchema();
const shapes: readonly (readonly [string, ReadonlyMap<string, OcsfAttribute>])[] = [
  ['event', new Map([...schema.classes.values()].flatMap(({ attributes }) => [...attributes]))],
  ...[...schema.objects].map(([name, { attributes }]) => [name, attributes] as const),
];
/** Attributes by object, `event` for all classes together. */
const objects: ReadonlyMap<string, ReadonlyMap<string, Attribute>> = new Map(
  shapes.map(([name, attributes]) => [
    name,
    new Map([...attributes].map(([attribute, { isList, ...type }]) => [attribute, { object: objectOf(type), isList }])),
  ]),
);

/** What other tools call the fields that have a column here. */
const otherNames: Readonly<Record<string, string>> = {
  hostname: 'host',
  computer: 'host',
  computername: 'host',
  machine: 'host',
  device: 'host',
  username: 'user',
  account: 'user',
  ip: 'src_ip',
  source_ip: 'src_ip',
  srcip: 'src_ip',
  client_ip: 'src_ip',
  dest_ip: 'dst_ip',
  destination_ip: 'dst_ip',
  dstip: 'dst_ip',
  dest_port: 'dst_port',
  image: 'process',
  program: 'process',
  exe: 'process',
  commandline: 'command_line',
  cmdline: 'command_line',
  parentimage: 'parent_process',
  parent: 'parent_process',
  path: 'file',
  filename: 'file',
  dns: 'domain',
  query: 'domain',
  channel: 'log_name',
  log: 'log_name',
  eventid: 'event_code',
  event_id: 'event_code',
  level: 'severity',
  vendor: 'product',
  source: 'product',
  action: 'operation',
  eventname: 'operation',
  timestamp: 'time',
  '@timestamp': 'time',
  date: 'time',
  type: 'class',
};

const shortNames: readonly string[] = [
  ...promotedFields.map(({ name }) => name),
  ...rowFields.map(({ name }) => name),
  ...Object.keys(fieldAliases),
];

const maxSuggestions = 4;

/** Names with a column, OCSF 1.8 paths and whatever begins with `raw.` are known. Never throws; bounded for any name. */
export function fieldStanding(name: string): FieldStanding {
  if (shortNames.includes(name)) return { kind: 'known' };
  const parts = name.split('.');
  if (parts[0] === 'raw' && parts.length > 1) return { kind: 'known' };
  return standingIn('event', parts, []) ?? { kind: 'unknown', suggestions: suggestionsFor(name, parts) };
}

/** Undefined where the path does not lead anywhere. */
function standingIn(object: string, parts: readonly string[], passed: readonly string[]): FieldStanding | undefined {
  const [first = '', ...rest] = parts;
  const attributes = objects.get(object);
  // An object without attributes of its own, such as `unmapped`, may have any.
  if (attributes?.size === 0) return { kind: 'known' };
  const attribute = attributes?.get(first);
  if (attribute === undefined) return undefined;
  if (rest.length === 0) return { kind: 'known' };
  const here = [...passed, first];
  if (attribute.object === undefined) return undefined;
  const inner = standingIn(attribute.object, rest, here);
  return inner === undefined || !attribute.isList ? inner : { kind: 'list', at: here.join('.') };
}

function suggestionsFor(name: string, parts: readonly string[]): string[] {
  const lower = name.toLowerCase();
  const other = Object.hasOwn(otherNames, lower) ? otherNames[lower] : undefined;
  const allowed = Math.min(3, Math.floor(name.length / 3));
  const near = [...shortNames, ...(objects.get('event')?.keys() ?? [])]
    .map((candidate) => ({ candidate, distance: distance(lower, candidate, allowed) }))
    .filter((entry) => entry.distance <= allowed)
    .toSorted((a, b) => a.distance - b.distance)
    .map(({ candidate }) => candidate);
  const path = parts.length > 1 ? nearestPath(parts) : undefined;
  const original = parts[0]?.toLowerCase() === 'raw' ? `raw.${parts.slice(1).join('.')}` : `raw.${name}`;
  const all = [other, path, ...near.slice(0, 2), original].filter((one) => one !== undefined && one !== 'raw.');
  return [...new Set(all)].flatMap((one) => one ?? []).slice(0, maxSuggestions);
}

/** The path with each part that is not there replaced by the one most like it. */
function nearestPath(parts: readonly string[]): string | undefined {
  let object: string | undefined = 'event';
  const path: string[] = [];
  for (const part of parts) {
    const attributes: ReadonlyMap<string, Attribute> | undefined =
      object === undefined ? undefined : objects.get(object);
    if (attributes === undefined) return path.length > 1 ? path.join('.') : undefined;
    const allowed = Math.max(2, Math.floor(part.length / 3));
    const [nearest] = [...attributes.keys()]
      .map((name) => ({ name, distance: distance(part.toLowerCase(), name, allowed) }))
      .filter((entry) => entry.distance <= allowed)
      .toSorted((a, b) => a.distance - b.distance);
    if (nearest === undefined) return undefined;
    path.push(nearest.name);
    object = attributes.get(nearest.name)?.object;
  }
  return path.join('.');
}

/** Edits between two names, two swapped signs counting as one; anything over `most` is `most + 1`. */
function distance(from: string, to: string, most: number): number {
  if (Math.abs(from.length - to.length) > most) return most + 1;
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let index = 0; index < from.length; index += 1) {
    const next = [index + 1];
    for (let at = 1; at <= to.length; at += 1) {
      const changed = (row[at - 1] ?? 0) + (to[at - 1] === from[index] ? 0 : 1);
      const isSwap = at > 1 && index > 0 && to[at - 1] === from[index - 1] && to[at - 2] === from[index];
      const swapped = isSwap ? (before[at - 2] ?? 0) + 1 : changed;
      next.push(Math.min(changed, swapped, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return Math.min(row[to.length] ?? 0, most + 1);
}

/** Whatever stands in JSON of its own may have any fields, as in an object without attributes. */
function objectOf({ type, isObject }: Pick<OcsfAttribute, 'type' | 'isObject'>): string | undefined {
  if (isObject) return type;
  return type === 'json' ? 'object' : undefined;
}
