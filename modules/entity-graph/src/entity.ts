import { isIP } from 'node:net';
import { erasedText, isSystemAccount, lostText } from '@sallyport/contracts';
import type { EntityField, EntityValue } from '@sallyport/event-search';

export const nodeKinds = [
  'person',
  'host',
  'address',
  'camera',
  'device',
  'agent',
  'service',
  'site',
  'process',
] as const;
export type NodeKind = (typeof nodeKinds)[number];

/** Somebody or something that events are about. */
export type Entity = { readonly kind: NodeKind; readonly name: string };

/** Who and where an alert is about, as its finding says. */
export type AlertEntities = {
  readonly host?: string;
  readonly user?: string;
  readonly source?: string;
  readonly process?: string;
  readonly site?: string;
  readonly camera?: string;
  readonly agent?: string;
};

const kindOfField: Readonly<Record<EntityField, NodeKind>> = {
  user: 'person',
  target_user: 'person',
  host: 'host',
  src_ip: 'address',
  dst_ip: 'address',
  camera: 'camera',
  site: 'site',
  agent: 'agent',
  service: 'service',
};

const fieldsOfKind: Readonly<Record<NodeKind, readonly EntityField[]>> = {
  person: ['user', 'target_user'],
  host: ['host'],
  address: ['src_ip', 'dst_ip'],
  camera: ['camera'],
  site: ['site'],
  agent: ['agent'],
  service: ['service'],
  device: [],
  process: [],
};

/** What rules that count may count by, see `stampedFieldsOf` of detection. */
const countedBy: Readonly<Record<string, EntityField>> = {
  'sallyport.user': 'user',
  'sallyport.target_user': 'target_user',
  'sallyport.host': 'host',
  'sallyport.source': 'src_ip',
  'sallyport.camera': 'camera',
  'sallyport.site': 'site',
  'sallyport.agent': 'agent',
};

export function entityAt(field: EntityField, value: string): Entity {
  return { kind: kindOfField[field], name: value };
}

/** The columns an entity may stand in. */
export function valuesOf({ kind, name }: Entity): EntityValue[] {
  return fieldsOfKind[kind].map((field) => ({ field, value: name }));
}

/** The same for the same entity in any case. */
export function nodeId({ kind, name }: Entity): string {
  return `${kind}:${name.toLowerCase()}`;
}

/** Whom and what an alert is about, each once. What was erased is nobody; of a camera's alert, the host is the camera. */
export function entitiesOfAlert(
  { host, user, source, process, site, camera, agent }: AlertEntities,
  matched: readonly { readonly field: string; readonly value: string }[] = [],
): Entity[] {
  const entities: Entity[] = [];
  const add = (kind: NodeKind, name: string | undefined): void => {
    if (name === undefined || !isNamed(name)) return;
    const entity = { kind, name };
    if (isNobody(entity)) return;
    if (!entities.some((known) => nodeId(known) === nodeId(entity))) entities.push(entity);
  };
  add('person', user);
  add('host', camera === undefined ? host : undefined);
  if (source !== undefined) add(isIP(source) === 0 ? 'service' : 'address', source);
  add('camera', camera);
  add('agent', agent);
  add('site', site);
  add('process', process);
  for (const { field, value } of matched) {
    const known = Object.hasOwn(countedBy, field) ? countedBy[field] : undefined;
    if (known === 'host' && camera !== undefined) continue;
    if (known !== undefined) add(kindOfField[known], value);
  }
  return entities;
}

/** The operating system itself is on every host: as a person it would join all of them. */
export function isNobody({ kind, name }: Entity): boolean {
  return kind === 'person' && isSystemAccount(name);
}

/** Whether it names anybody: what was erased, or cannot be opened, does not. */
export function isNamed(name: string): boolean {
  return name !== '' && name !== erasedText && name !== lostText;
}
