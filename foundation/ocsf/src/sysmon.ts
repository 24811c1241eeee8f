import { defined } from './event.ts';
import type { ClassifiedEvent, JsonObject } from './event.ts';
import { integer, ipAddress, port, text } from './fields.ts';
import { actor, endpoint, isTrue, maps } from './windows-mapping.ts';
import type { Mapping } from './windows-mapping.ts';
import { baseName, file, hashes, integrityId, sysmonProcess, user } from './windows-objects.ts';
import type { WindowsRecord } from './windows-record.ts';

function launched({ fields, timeMs }: WindowsRecord): JsonObject | undefined {
  const image = file(text(fields, 'Image'), {
    hashes: hashes(text(fields, 'Hashes')),
    company_name: text(fields, 'Company'),
    desc: text(fields, 'Description'),
    version: text(fields, 'FileVersion'),
    internal_name: text(fields, 'OriginalFileName'),
  });
  const session = text(fields, 'LogonId');
  const more = {
    cmd_line: text(fields, 'CommandLine'),
    working_directory: text(fields, 'CurrentDirectory'),
    created_time: timeMs,
    user: user(text(fields, 'User')),
    session: session === undefined ? undefined : { uid: session },
    integrity: text(fields, 'IntegrityLevel'),
    integrity_id: integrityId(text(fields, 'IntegrityLevel')),
    parent_process: parent(fields),
  };
  return sysmonProcess(fields, '', more, image);
}

function parent(fields: JsonObject): JsonObject | undefined {
  return sysmonProcess(fields, 'Parent', {
    cmd_line: text(fields, 'ParentCommandLine'),
    user: user(text(fields, 'ParentUser')),
  });
}

/** The process an event is about, as the one who acted. */
function actorOf(record: WindowsRecord): JsonObject {
  return actor(record, { process: sysmonProcess(record.fields, ''), user: user(text(record.fields, 'User')) });
}

function sourceActor(record: WindowsRecord): JsonObject {
  return actor(record, {
    process: sysmonProcess(record.fields, 'Source'),
    user: user(text(record.fields, 'SourceUser')),
  });
}

function target(fields: JsonObject): JsonObject | undefined {
  return sysmonProcess(fields, 'Target', { user: user(text(fields, 'TargetUser')) });
}

function fileActivity(activityId: number, field = 'TargetFilename', typeId = 1): Mapping {
  return maps(1001, activityId, ['file'], (record) => ({
    actor: actorOf(record),
    file: file(
      text(record.fields, field),
      { hashes: hashes(text(record.fields, 'Hashes') ?? text(record.fields, 'Hash')) },
      typeId,
    ),
  }));
}

function loadedFile(fields: JsonObject): JsonObject | undefined {
  return file(text(fields, 'ImageLoaded'), {
    hashes: hashes(text(fields, 'Hashes')),
    company_name: text(fields, 'Company'),
    desc: text(fields, 'Description'),
    version: text(fields, 'FileVersion'),
    internal_name: text(fields, 'OriginalFileName'),
  });
}

function networkConnection(record: WindowsRecord): Record<string, JsonObject | undefined> {
  const { fields } = record;
  const initiated = isTrue(fields['Initiated']);
  return {
    actor: actorOf(record),
    src_endpoint: endpoint({
      ip: ipAddress(fields, 'SourceIp'),
      port: port(fields, 'SourcePort'),
      hostname: text(fields, 'SourceHostname'),
    }),
    dst_endpoint: endpoint({
      ip: ipAddress(fields, 'DestinationIp'),
      port: port(fields, 'DestinationPort'),
      hostname: text(fields, 'DestinationHostname'),
    }),
    connection_info: defined({
      protocol_name: text(fields, 'Protocol'),
      direction_id: initiated === undefined ? 0 : initiated ? 2 : 1,
    }),
  };
}

/** Of keys: 1 create, 3 modify, 4 delete, 5 rename; 0 when the collector lost the type. */
function registryActivityId(type: string, code: number): number {
  if (type.startsWith('Create')) return 1;
  if (type.startsWith('Delete')) return 4;
  return code === 13 ? 3 : code === 14 ? 5 : 0;
}

/** Sysmon 12–14 tell by `EventType` whether a key or a value was touched. */
function registryActivity(record: WindowsRecord): ClassifiedEvent | undefined {
  const { fields } = record;
  const path = text(fields, 'TargetObject');
  if (path === undefined) return undefined;
  const type = text(fields, 'EventType') ?? '';
  const isValue = type.endsWith('Value') || (record.code === 13 && type !== 'SetKey');
  const newPath = record.code === 14 ? text(fields, 'NewName') : undefined;
  const activity = registryActivityId(type, record.code);
  if (!isValue) {
    const previous = newPath === undefined ? undefined : { path };
    const attributes = { actor: actorOf(record), reg_key: { path: newPath ?? path }, prev_reg_key: previous };
    return { classUid: 201_001, activityId: activity, attributes };
  }
  // Values know set (2), modify (3) and delete (4): creating one is setting it, renaming one modifies it.
  const valueActivity = activity === 1 || activity === 3 ? 2 : activity === 5 ? 3 : activity;
  const value = registryValue(newPath ?? path, text(fields, 'Details'));
  const previous = newPath === undefined ? undefined : registryValue(path);
  return {
    classUid: 201_002,
    activityId: valueActivity,
    attributes: { actor: actorOf(record), reg_value: value, prev_reg_value: previous },
  };
}

function registryValue(path: string, data?: string): JsonObject | undefined {
  const name = baseName(path);
  return defined({ path: path.slice(0, -name.length - 1) || path, name, data });
}

function dnsQuery(record: WindowsRecord): Record<string, JsonObject | readonly JsonObject[] | number | undefined> {
  const { fields } = record;
  const hostname = text(fields, 'QueryName');
  const status = integer(fields, 'QueryStatus');
  const answers = (text(fields, 'QueryResults') ?? '')
    .split(';', 64)
    .map((answer) => answer.replace(/^type:\s*\d+\s+/, '').trim())
    .filter((answer) => answer !== '' && answer !== '-')
    .map((rdata) => ({ rdata }));
  return {
    actor: actorOf(record),
    query: hostname === undefined ? undefined : { hostname },
    answers: answers.length === 0 ? undefined : answers,
    // 9003 is DNS_ERROR_RCODE_NAME_ERROR.
    rcode_id: status === undefined ? undefined : status === 0 ? 0 : status === 9003 ? 3 : 99,
    src_endpoint: endpoint({ hostname: record.computer }) ?? { name: 'unknown' },
  };
}

/** Sysmon event ids (Sysinternals Sysmon 15) to OCSF classes. */
export const sysmonMappings: ReadonlyMap<number, Mapping> = new Map([
  [
    1,
    maps(1007, 1, ['process'], (record) => ({
      process: launched(record),
      actor: actor(record, {
        process: parent(record.fields),
        user: user(text(record.fields, 'ParentUser')) ?? user(text(record.fields, 'User')),
      }),
    })),
  ],
  [2, fileActivity(6)],
  [3, maps(4001, 1, ['dst_endpoint'], networkConnection)],
  [
    5,
    maps(1007, 2, ['process'], (record) => ({
      process: sysmonProcess(record.fields, '', { user: user(text(record.fields, 'User')) }),
      actor: actorOf(record),
    })),
  ],
  [
    6,
    maps(1002, 1, ['driver'], (record) => {
      const driver = loadedFile(record.fields);
      return { actor: actor(record, {}), driver: driver === undefined ? undefined : { file: driver } };
    }),
  ],
  [
    7,
    maps(1005, 1, ['module'], (record) => {
      const module = loadedFile(record.fields);
      return { actor: actorOf(record), module: module === undefined ? undefined : { file: module, load_type_id: 0 } };
    }),
  ],
  [
    8,
    maps(1007, 4, ['process'], (record) => ({
      actor: sourceActor(record),
      process: target(record.fields),
      injection_type_id: 1,
      module: defined({
        load_type_id: 0,
        start_address: text(record.fields, 'StartAddress'),
        function_name: text(record.fields, 'StartFunction'),
        file: file(text(record.fields, 'StartModule')),
      }),
    })),
  ],
  [9, fileActivity(2, 'Device', 0)],
  [
    10,
    maps(1007, 3, ['process'], (record) => ({
      actor: sourceActor(record),
      process: target(record.fields),
      actual_permissions: integer(record.fields, 'GrantedAccess'),
    })),
  ],
  [11, fileActivity(1)],
  [12, registryActivity],
  [13, registryActivity],
  [14, registryActivity],
  [15, fileActivity(1)],
  [17, fileActivity(1, 'PipeName', 6)],
  [18, fileActivity(14, 'PipeName', 6)],
  [22, maps(4003, 6, ['query'], dnsQuery)],
  [23, fileActivity(4)],
  [26, fileActivity(4)],
  [27, fileActivity(1)],
  [28, fileActivity(4)],
  [29, fileActivity(1)],
]);
