import { defined } from './event.ts';
import type { JsonObject } from './event.ts';
import { integer, ipAddress, port, text } from './fields.ts';
import { actor, endpoint, maps } from './windows-mapping.ts';
import type { Mapping } from './windows-mapping.ts';
import { process, user } from './windows-objects.ts';
import type { WindowsRecord } from './windows-record.ts';

function applicationActor(record: WindowsRecord): JsonObject {
  const { fields } = record;
  const pid = integer(fields, 'ProcessID') ?? integer(fields, 'ProcessId');
  return actor(record, { process: process({ pid, image: text(fields, 'Application') }) });
}

function connectionInfo(fields: JsonObject): JsonObject | undefined {
  const direction = text(fields, 'Direction');
  return defined({
    protocol_num: integer(fields, 'Protocol'),
    direction_id: direction === '%%14592' ? 1 : direction === '%%14593' ? 2 : 0,
  });
}

function connection(activityId: number): Mapping {
  return maps(4001, activityId, ['dst_endpoint'], (record) => ({
    actor: applicationActor(record),
    src_endpoint: endpoint({ ip: ipAddress(record.fields, 'SourceAddress'), port: port(record.fields, 'SourcePort') }),
    dst_endpoint: endpoint({ ip: ipAddress(record.fields, 'DestAddress'), port: port(record.fields, 'DestPort') }),
    connection_info: connectionInfo(record.fields),
  }));
}

/** A local port bound or listened on: the one who will respond is this computer. */
function localPort(activityId: number, operation?: string): Mapping {
  return maps(4001, activityId, ['dst_endpoint'], (record) => ({
    activity_name: operation,
    actor: applicationActor(record),
    dst_endpoint: endpoint({
      ip: ipAddress(record.fields, 'SourceAddress'),
      port: port(record.fields, 'SourcePort'),
      hostname: record.computer,
    }),
    connection_info: connectionInfo(record.fields),
  }));
}

/** A filter or rule of the firewall, by what is left when it is gone: its name or key. */
function filterChange(type: string, activityOf: number | ((fields: JsonObject) => number)): Mapping {
  return (record) => {
    const { fields } = record;
    const entity = defined({
      name: text(fields, 'FilterName') ?? text(fields, 'RuleName'),
      uid: text(fields, 'FilterKey') ?? text(fields, 'RuleId'),
    });
    if (entity === undefined) return undefined;
    const pid = integer(fields, 'ProcessId');
    const image = text(fields, 'ModifyingApplication');
    return {
      classUid: 3004,
      activityId: typeof activityOf === 'number' ? activityOf : activityOf(fields),
      attributes: {
        actor: actor(record, {
          process: process({ pid, image }),
          user: user(
            text(fields, 'UserName') ?? text(fields, 'AccountName'),
            undefined,
            text(fields, 'UserSid') ?? text(fields, 'ModifyingUser'),
          ),
        }),
        entity: { ...entity, type, type_id: 99 },
      },
    };
  };
}

/** `ChangeType`: add, delete, anything else an update. */
function changeOf(fields: JsonObject): number {
  const change = text(fields, 'ChangeType');
  return change === '%%16384' ? 1 : change === '%%16385' ? 4 : 3;
}

/** The Windows Filtering Platform: event ids of Microsoft-Windows-Security-Auditing to OCSF classes. */
export const filteringMappings: ReadonlyMap<number, Mapping> = new Map([
  [4946, filterChange('Firewall rule', 1)],
  [4947, filterChange('Firewall rule', 3)],
  [4948, filterChange('Firewall rule', 4)],
  [5152, connection(5)],
  [5154, localPort(7)],
  [5155, localPort(5)],
  [5156, connection(1)],
  [5157, connection(5)],
  [5158, localPort(99, 'Bind')],
  [5159, localPort(5)],
  [5447, filterChange('WFP filter', changeOf)],
]);

/** Microsoft-Windows-Windows Firewall With Advanced Security. */
export const firewallMappings: ReadonlyMap<number, Mapping> = new Map([
  [2004, filterChange('Firewall rule', 1)],
  [2005, filterChange('Firewall rule', 3)],
  [2006, filterChange('Firewall rule', 4)],
]);
