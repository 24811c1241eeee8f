import { defined } from './event.ts';
import type { JsonObject } from './event.ts';
import { text } from './fields.ts';
import { actor, maps } from './windows-mapping.ts';
import type { Mapping } from './windows-mapping.ts';
import { prefixedUser, user } from './windows-objects.ts';
import type { WindowsRecord } from './windows-record.ts';

/** Windows counts start types from 0 or writes them out; OCSF counts from 1. */
const startTypeIds: ReadonlyMap<string, number> = new Map([
  ['0', 1],
  ['boot start', 1],
  ['1', 2],
  ['system start', 2],
  ['2', 3],
  ['auto start', 3],
  ['3', 4],
  ['demand start', 4],
  ['4', 5],
  ['disabled', 5],
]);

function windowsService(name: string | undefined, fields: JsonObject): JsonObject | undefined {
  if (name === undefined) return undefined;
  const startType = text(fields, 'ServiceStartType') ?? text(fields, 'StartType');
  return defined({
    name,
    cmd_line: text(fields, 'ServiceFileName') ?? text(fields, 'ImagePath'),
    service_start_name: text(fields, 'ServiceAccount'),
    service_start_type_id: startType === undefined ? 0 : (startTypeIds.get(startType.toLowerCase()) ?? 99),
  });
}

function serviceActor(record: WindowsRecord): JsonObject {
  const subject = prefixedUser(record.fields, 'Subject') ?? user(undefined, undefined, record.userId);
  return actor(record, { user: subject });
}

/** Security 4697 and Service Control Manager 7045. */
export const serviceCreated: Mapping = maps(201_004, 1, ['win_service'], (record) => ({
  actor: serviceActor(record),
  win_service: windowsService(text(record.fields, 'ServiceName'), record.fields),
}));

const stateChanged: Mapping = (record) => {
  const name = text(record.fields, 'param1');
  const state = text(record.fields, 'param2');
  const activityId = state === 'running' ? 3 : state === 'stopped' ? 4 : undefined;
  if (name === undefined || activityId === undefined) return undefined;
  return {
    classUid: 201_004,
    activityId,
    attributes: { actor: serviceActor(record), win_service: windowsService(name, record.fields) },
  };
};

/** Event ids of the Service Control Manager to OCSF classes. */
export const serviceControlMappings: ReadonlyMap<number, Mapping> = new Map([
  [7036, stateChanged],
  [
    7040,
    maps(201_004, 2, ['win_service'], (record) => ({
      actor: serviceActor(record),
      win_service: windowsService(text(record.fields, 'param1'), { StartType: text(record.fields, 'param3') ?? null }),
    })),
  ],
  [7045, serviceCreated],
]);
