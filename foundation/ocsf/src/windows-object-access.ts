import { defined } from './event.ts';
import type { JsonObject } from './event.ts';
import { integer, text } from './fields.ts';
import { actor, maps } from './windows-mapping.ts';
import type { Mapping } from './windows-mapping.ts';
import { prefixedUser, process } from './windows-objects.ts';
import type { WindowsRecord } from './windows-record.ts';

/** `win_resource.type_id` of OCSF 1.8.0 by what Windows writes into `ObjectType`. */
const resourceTypes: ReadonlyMap<string, number> = new Map(
  (
    'directory event timer device mutant type file token thread section windowstation debugobject ' +
    'filtercommunicationport eventpair driver iocompletion controller symboliclink wmiguid process profile desktop ' +
    'keyedevent adapter key waitableport callback semaphore job port filterconnectionport alpc_port ' +
    'sam_alias sam_group sam_user sam_domain sam_server atom'
  )
    .split(' ')
    .map((name, order) => [name, order + 1]),
);

/** Access to an object (activity 1), or another thing done to it, whose name is then told. */
function objectAccess(operation?: string): Mapping {
  return maps(201_003, operation === undefined ? 1 : 99, ['win_resource'], (record) => ({
    activity_name: operation,
    actor: resourceActor(record),
    win_resource: resource(record.fields),
  }));
}

function resourceActor(record: WindowsRecord): JsonObject {
  const { fields } = record;
  const pid = integer(fields, 'ProcessId') ?? integer(fields, 'ClientProcessId');
  return actor(record, {
    process: process({ pid: pid === 0 ? undefined : pid, image: text(fields, 'ProcessName') }),
    user: prefixedUser(fields, 'Subject'),
  });
}

/** An object is known by its name, or by the handle it was opened under; a privileged call by its service. */
function resource(fields: JsonObject): JsonObject | undefined {
  const type = text(fields, 'ObjectType');
  const server = text(fields, 'ObjectServer');
  const name = text(fields, 'ObjectName') ?? text(fields, 'Service');
  const mask = text(fields, 'AccessMask');
  const handle = text(fields, 'HandleId') ?? text(fields, 'SourceHandleId');
  const uid = handle === '0x0' ? undefined : handle;
  if (name === undefined && uid === undefined && server === undefined) return undefined;
  return defined({
    name: name ?? (uid === undefined ? server : undefined),
    uid,
    type,
    type_id: type === undefined ? 0 : (resourceTypes.get(type.toLowerCase().replace(' ', '_')) ?? 99),
    svc_name: server,
    details: mask === undefined ? undefined : `access mask ${mask}`,
  });
}

const credentialRead = maps(201_003, 1, ['win_resource'], (record) => {
  const name = text(record.fields, 'TargetName');
  return {
    actor: resourceActor(record),
    win_resource: name === undefined ? undefined : { name, type: 'Credential', type_id: 99 },
  };
});

/** Handles, objects, privileged calls and credentials: event ids of Microsoft-Windows-Security-Auditing to OCSF classes. */
export const objectAccessMappings: ReadonlyMap<number, Mapping> = new Map([
  [4656, objectAccess()],
  [4658, objectAccess('Close')],
  [4660, objectAccess('Delete')],
  [4661, objectAccess()],
  [4662, objectAccess()],
  [4663, objectAccess()],
  [4670, objectAccess('Change permissions')],
  [4673, objectAccess()],
  [4674, objectAccess()],
  [4690, objectAccess('Duplicate')],
  [5379, credentialRead],
]);
