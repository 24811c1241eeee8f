import { isIP } from 'node:net';
import { isJsonObject, ocsfClass } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { fieldValueOf } from '@sallyport/sigma-rules';
import type { FieldValue } from '@sallyport/sigma-rules';
import { entitiesOf } from './event-entities.ts';
import type { EventEntities } from './event-entities.ts';

/** Fields whose names begin with this are stamped on every event; a record's own fields of these names are not seen. */
export const stampedPrefix = 'sallyport.';

/**
 * Fields that every event has for rules, whatever its record looks like, and that no record can claim: where it comes from
 * (`sallyport.site`), what it became (`sallyport.class_uid`, `sallyport.activity_id`, `sallyport.status_id`, as in OCSF), and whom it is
 * about, in one word for every product: `user`, `target_user` (whose account was changed), `host`, `source` (the address), `source_network`
 * (its first 24 bits, 48 of IPv6) and `camera`; of AI agents, of which only this product speaks, `agent`, `agent_session`, `agent_action`,
 * `agent_tool`, `agent_server` and `agent_destination`.
 */
export function stampedFieldsOf(
  event: JsonObject,
  entitiesHere: () => EventEntities = () => entitiesOf(event),
): (field: string) => readonly FieldValue[] | undefined {
  let stamps: Stamps | undefined;
  return (field) => {
    stamps ??= stampsOf(event, entitiesHere());
    const name = field.slice(stampedPrefix.length);
    const scalar = field.startsWith(stampedPrefix) && Object.hasOwn(stamps, name) ? stamps[name] : undefined;
    return scalar === undefined ? undefined : [fieldValueOf(scalar)];
  };
}

/** By name, without the prefix. */
type Stamps = Readonly<Record<string, string | number>>;

function stampsOf(event: JsonObject, { host, user, entities = {} }: EventEntities): Stamps {
  const { site, source, camera, agent, agent_session: agentSession } = entities;
  const network = source === undefined ? undefined : networkOf(source);
  const target = targetUserOf(event);
  return {
    ...(site !== undefined && { site }),
    ...(user !== undefined && { user }),
    ...(target !== undefined && { target_user: target }),
    ...(host !== undefined && { host }),
    ...(source !== undefined && { source }),
    ...(network !== undefined && { source_network: network }),
    ...(camera !== undefined && { camera }),
    ...(agent !== undefined && { agent, ...agentStamps(event) }),
    ...(agentSession !== undefined && { agent_session: agentSession }),
    ...scalarOf(event, 'class_uid'),
    ...scalarOf(event, 'activity_id'),
    ...scalarOf(event, 'status_id'),
  };
}

/** Of an event of our own about an agent, what it did, with what and where to. */
function agentStamps(event: JsonObject): Stamps {
  const stamps: Record<string, string> = {};
  for (const name of ['action', 'tool', 'server', 'destination']) {
    const value = textAt(event, ['unmapped', 'sallyport', 'agent', name]);
    if (value !== undefined) stamps[`agent_${name}`] = value;
  }
  return stamps;
}

/** Whose account a change is about: of our own audit the target, of others the user beside who acted. */
function targetUserOf(event: JsonObject): string | undefined {
  if (event['class_uid'] !== ocsfClass.accountChange) return undefined;
  const isOwn = event['raw_data'] === undefined;
  return textAt(event, isOwn ? ['unmapped', 'sallyport', 'target', 'name'] : ['user', 'name']);
}

/** The first 24 bits of an IPv4 address, 48 of an IPv6 one, as a text; undefined for a name. */
function networkOf(address: string): string | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  if (isIP(mapped) === 4) return mapped.slice(0, mapped.lastIndexOf('.'));
  if (isIP(mapped) !== 6) return undefined;
  const [front = '', back] = mapped.toLowerCase().split('::');
  const groups = front === '' ? [] : front.split(':');
  const behind = back === undefined || back === '' ? [] : back.split(':');
  // What `::` leaves out are zeros: without them two writings of one network would be two.
  const zeros = back === undefined ? 0 : Math.max(0, 8 - groups.length - behind.length);
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...behind];
  return all
    .slice(0, 3)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

function scalarOf(event: JsonObject, name: string): Stamps {
  const value = event[name];
  return typeof value === 'number' ? { [name]: value } : {};
}

function textAt(event: JsonObject, path: readonly string[]): string | undefined {
  let value: JsonValue | undefined = event;
  for (const name of path) value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
