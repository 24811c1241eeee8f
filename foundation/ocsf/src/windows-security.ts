import { defined } from './event.ts';
import type { JsonObject } from './event.ts';
import { integer, ipAddress, port, text } from './fields.ts';
import { actor, endpoint, maps } from './windows-mapping.ts';
import type { Mapping } from './windows-mapping.ts';
import { baseName, file, prefixedUser, process, user } from './windows-objects.ts';
import type { WindowsRecord } from './windows-record.ts';
import { serviceCreated } from './windows-service.ts';

function subject(record: WindowsRecord): JsonObject | undefined {
  return prefixedUser(record.fields, 'Subject');
}

/** The subject, with the process the event names as the one it acted through. */
function subjectActor(record: WindowsRecord): JsonObject {
  const { fields } = record;
  const pid = integer(fields, 'ProcessId');
  return actor(record, {
    process: process({ pid: pid === 0 ? undefined : pid, image: text(fields, 'ProcessName') }),
    user: subject(record),
  });
}

const logonTypeIds = new Set([0, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13]);

function authentication(activityId: number, statusId: (fields: JsonObject) => number): Mapping {
  return maps(3002, activityId, ['user'], (record) => {
    const { fields } = record;
    const protocol = text(fields, 'AuthenticationPackageName');
    const logonType = integer(fields, 'LogonType');
    const session = text(fields, 'TargetLogonId');
    const service = text(fields, 'ServiceName');
    const status = statusId(fields);
    return {
      user: prefixedUser(fields, 'Target'),
      actor: subjectActor(record),
      src_endpoint: endpoint({
        ip: ipAddress(fields, 'IpAddress'),
        port: port(fields, 'IpPort'),
        hostname: text(fields, 'WorkstationName') ?? text(fields, 'Workstation'),
      }),
      dst_endpoint: { hostname: text(fields, 'TargetServerName') ?? record.computer ?? 'unknown' },
      service: service === undefined ? undefined : { name: service },
      session: session === undefined ? undefined : { uid: session },
      // In OCSF 1 is a logon by the system itself; Windows writes that as 0.
      logon_type_id:
        logonType === undefined ? undefined : logonType === 0 ? 1 : logonTypeIds.has(logonType) ? logonType : 99,
      is_remote: logonType === undefined ? undefined : logonType === 3 || logonType === 8 || logonType === 10,
      auth_protocol: protocol,
      auth_protocol_id: authProtocolId(protocol, record.code),
      status_id: status,
      status_code: status === 2 ? (text(fields, 'SubStatus') ?? text(fields, 'Status')) : undefined,
      status_detail: status === 2 ? text(fields, 'FailureReason') : undefined,
    };
  });
}

function authProtocolId(protocol: string | undefined, code: number): number | undefined {
  if (code >= 4768 && code <= 4771) return 2;
  if (protocol === undefined) return undefined;
  if (/^(?:NTLM|MICROSOFT_AUTHENTICATION)/i.test(protocol)) return 1;
  return /^Kerberos$/i.test(protocol) ? 2 : 99;
}

const succeeded = (): number => 1;
const failed = (): number => 2;
/** Kerberos and credential validation write their result into `Status`. */
const byStatus = (fields: JsonObject): number => (integer(fields, 'Status') === 0 ? 1 : 2);

function accountChange(activityId: number): Mapping {
  return maps(3001, activityId, ['user'], (record) => ({
    actor: subjectActor(record),
    user: prefixedUser(record.fields, 'Target'),
  }));
}

function groupManagement(activityId: number): Mapping {
  return maps(3006, activityId, ['group'], (record) => {
    const { fields } = record;
    const name = text(fields, 'TargetUserName');
    const uid = text(fields, 'TargetSid');
    return {
      actor: subjectActor(record),
      group:
        name === undefined && uid === undefined
          ? undefined
          : defined({ name, uid, domain: text(fields, 'TargetDomainName') }),
      user: user(text(fields, 'MemberName'), undefined, text(fields, 'MemberSid')),
    };
  });
}

function scheduledJob(activityId: number): Mapping {
  return maps(1006, activityId, ['job'], (record) => {
    const name = text(record.fields, 'TaskName');
    return { actor: subjectActor(record), job: name === undefined ? undefined : { name } };
  });
}

const processCreated = maps(1007, 1, ['process'], (record) => {
  const { fields } = record;
  const creator = process({ pid: integer(fields, 'ProcessId'), image: text(fields, 'ParentProcessName') });
  return {
    process: process({
      pid: integer(fields, 'NewProcessId'),
      image: text(fields, 'NewProcessName'),
      more: {
        cmd_line: text(fields, 'CommandLine'),
        created_time: record.timeMs,
        // The target is named only when the new process runs as somebody else.
        user: prefixedUser(fields, 'Target') ?? subject(record),
        parent_process: creator,
      },
    }),
    actor: actor(record, { process: creator, user: subject(record) }),
  };
});

const processExited = maps(1007, 2, ['process'], (record) => ({
  process: process({
    pid: integer(record.fields, 'ProcessId'),
    image: text(record.fields, 'ProcessName'),
    more: { user: subject(record) },
  }),
  actor: subjectActor(record),
  exit_code: integer(record.fields, 'Status'),
}));

const registryValueModified = maps(201_002, 3, ['reg_value'], (record) => {
  const { fields } = record;
  const path = text(fields, 'ObjectName');
  const name = text(fields, 'ObjectValueName');
  return {
    actor: subjectActor(record),
    reg_value:
      path === undefined || name === undefined ? undefined : defined({ path, name, data: text(fields, 'NewValue') }),
  };
});

/** A token's privileges enabled (assign), or, where none is, disabled (revoke). */
const privilegesAdjusted: Mapping = (record) => {
  const { fields } = record;
  const enabled = privilegesIn(fields, 'EnabledPrivilegeList');
  const privileges = enabled ?? privilegesIn(fields, 'DisabledPrivilegeList');
  const target = prefixedUser(fields, 'Target') ?? subject(record);
  if (privileges === undefined || target === undefined) return undefined;
  return {
    classUid: 3005,
    activityId: enabled === undefined ? 2 : 1,
    attributes: { actor: subjectActor(record), user: target, privileges },
  };
};

const privilegesAssigned = maps(3005, 1, ['user', 'privileges'], (record) => {
  return { user: subject(record), privileges: privilegesIn(record.fields, 'PrivilegeList') };
});

function privilegesIn(fields: JsonObject, name: string): string[] | undefined {
  const privileges = text(fields, name)
    ?.split(/\s+/, 64)
    .filter((privilege) => privilege !== '' && privilege !== '-');
  return privileges?.length === 0 ? undefined : privileges;
}

/** The share's file is what was opened; its path is relative to the share. */
const shareOpened = maps(1001, 14, ['file'], (record) => {
  const path = text(record.fields, 'ShareName');
  const relative = text(record.fields, 'RelativeTargetName');
  const full = path === undefined || relative === undefined ? path : `${path}\\${relative}`;
  return {
    actor: subjectActor(record),
    file: full === undefined ? undefined : file(full, { name: baseName(full) }, relative === undefined ? 2 : 0),
    access_mask: integer(record.fields, 'AccessMask'),
  };
});

/** Event ids of Microsoft-Windows-Security-Auditing to OCSF classes. */
export const securityMappings: ReadonlyMap<number, Mapping> = new Map([
  [4624, authentication(1, succeeded)],
  [4625, authentication(1, failed)],
  [4634, authentication(2, succeeded)],
  [4647, authentication(2, succeeded)],
  [4648, authentication(1, () => 0)],
  [4657, registryValueModified],
  [4672, privilegesAssigned],
  [4688, processCreated],
  [4689, processExited],
  [4697, serviceCreated],
  [4698, scheduledJob(1)],
  [4699, scheduledJob(3)],
  [4700, scheduledJob(4)],
  [4701, scheduledJob(5)],
  [4702, scheduledJob(2)],
  [4703, privilegesAdjusted],
  [4720, accountChange(1)],
  [4722, accountChange(2)],
  [4723, accountChange(3)],
  [4724, accountChange(4)],
  [4725, accountChange(5)],
  [4726, accountChange(6)],
  [4727, groupManagement(6)],
  [4728, groupManagement(3)],
  [4729, groupManagement(4)],
  [4730, groupManagement(5)],
  [4731, groupManagement(6)],
  [4732, groupManagement(3)],
  [4733, groupManagement(4)],
  [4734, groupManagement(5)],
  [4735, groupManagement(99)],
  [4737, groupManagement(99)],
  [4738, accountChange(99)],
  [4740, accountChange(9)],
  [4741, accountChange(1)],
  [4742, accountChange(99)],
  [4743, accountChange(6)],
  [4754, groupManagement(6)],
  [4755, groupManagement(99)],
  [4756, groupManagement(3)],
  [4757, groupManagement(4)],
  [4758, groupManagement(5)],
  [4767, accountChange(12)],
  [4768, authentication(3, byStatus)],
  [4769, authentication(4, byStatus)],
  [4770, authentication(5, succeeded)],
  [4771, authentication(6, failed)],
  [4776, authentication(1, byStatus)],
  [4781, accountChange(99)],
  [5140, shareOpened],
  [5145, shareOpened],
]);
