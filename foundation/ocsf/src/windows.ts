import { assembleEvent, mayBeCut } from './event.ts';
import type { ClassifiedEvent, JsonObject, OcsfEvent } from './event.ts';
import { integer, text } from './fields.ts';
import { sysmonMappings } from './sysmon.ts';
import { deviceOf } from './device.ts';
import { actor, maps } from './windows-mapping.ts';
import type { Mapping } from './windows-mapping.ts';
import { filteringMappings, firewallMappings } from './windows-filtering.ts';
import { objectAccessMappings } from './windows-object-access.ts';
import { prefixedUser, user } from './windows-objects.ts';
import { powershellMappings } from './windows-powershell.ts';
import { readWindowsRecord } from './windows-record.ts';
import type { WindowsRecord } from './windows-record.ts';
import { securityMappings } from './windows-security.ts';
import { serviceControlMappings } from './windows-service.ts';

function logActivity(activityId: number): Mapping {
  return maps(1008, activityId, [], (record) => ({
    actor: actor(record, { user: prefixedUser(record.fields, 'Subject') ?? user(undefined, undefined, record.userId) }),
    // In 104 the field `Channel` names the log that was cleared, not the one that says so.
    log_name: (record.code === 104 ? text(record.fields, 'Channel') : undefined) ?? record.channel ?? 'Security',
    log_provider: record.provider,
    log_type_id: 1,
  }));
}

const eventLogMappings: ReadonlyMap<number, Mapping> = new Map([
  [104, logActivity(1)],
  [1100, logActivity(7)],
  [1102, logActivity(1)],
]);

function task(activityId: number): Mapping {
  return maps(1006, activityId, ['job'], (record) => {
    const name = text(record.fields, 'TaskName');
    const context = text(record.fields, 'UserContext') ?? text(record.fields, 'UserName');
    const isSid = context?.startsWith('S-1-') === true;
    return {
      actor: actor(record, { user: isSid ? user(undefined, undefined, context) : user(context) }),
      job: name === undefined ? undefined : { name },
    };
  });
}

const taskMappings: ReadonlyMap<number, Mapping> = new Map([
  [100, task(6)],
  [106, task(1)],
  [129, task(6)],
  [140, task(2)],
  [141, task(3)],
  [142, task(5)],
]);

const auditingMappings: ReadonlyMap<number, Mapping> = new Map([
  ...securityMappings,
  ...objectAccessMappings,
  ...filteringMappings,
]);

type Family = { readonly mappings: ReadonlyMap<number, Mapping>; readonly product: string };

const families: ReadonlyMap<string, Family> = new Map([
  ['microsoft-windows-sysmon', { mappings: sysmonMappings, product: 'Sysmon' }],
  ['microsoft-windows-sysmon/operational', { mappings: sysmonMappings, product: 'Sysmon' }],
  ['microsoft-windows-security-auditing', { mappings: auditingMappings, product: 'Windows' }],
  [
    'microsoft-windows-windows firewall with advanced security',
    { mappings: firewallMappings, product: 'Windows Firewall' },
  ],
  ['microsoft-windows-powershell', { mappings: powershellMappings, product: 'PowerShell' }],
  ['microsoft-windows-powershell/operational', { mappings: powershellMappings, product: 'PowerShell' }],
  ['powershell', { mappings: powershellMappings, product: 'PowerShell' }],
  ['windows powershell', { mappings: powershellMappings, product: 'PowerShell' }],
  ['powershellcore', { mappings: powershellMappings, product: 'PowerShell' }],
  ['powershellcore/operational', { mappings: powershellMappings, product: 'PowerShell' }],
  ['microsoft-windows-taskscheduler', { mappings: taskMappings, product: 'Windows' }],
  ['microsoft-windows-taskscheduler/operational', { mappings: taskMappings, product: 'Windows' }],
  ['microsoft-windows-eventlog', { mappings: eventLogMappings, product: 'Windows' }],
  ['service control manager', { mappings: serviceControlMappings, product: 'Windows' }],
]);

/** Channels shared by providers: used only when the record does not say who wrote it. */
const channelFamilies: ReadonlyMap<string, Family> = new Map([
  ['security', { mappings: new Map([...eventLogMappings, ...auditingMappings]), product: 'Windows' }],
  ['system', { mappings: new Map([...serviceControlMappings, [104, logActivity(1)]]), product: 'Windows' }],
]);

const unknownFamily: Family = { mappings: new Map(), product: 'Windows' };

function familyOf(record: WindowsRecord): Family {
  const provider = record.provider?.toLowerCase();
  const channel = record.channel?.toLowerCase() ?? '';
  if (provider !== undefined) return families.get(provider) ?? families.get(channel) ?? unknownFamily;
  return families.get(channel) ?? channelFamilies.get(channel) ?? unknownFamily;
}

/** The record as an OCSF event, or undefined when it is not a Windows event. */
export function normaliseWindows(json: JsonObject, rawText: string, receivedAtMs: number): OcsfEvent | undefined {
  const record = readWindowsRecord(json);
  if (record === undefined) return undefined;
  const family = familyOf(record);
  const baseEvent: ClassifiedEvent = { classUid: 0, activityId: 0, attributes: {} };
  const classified = family.mappings.get(record.code)?.(record) ?? baseEvent;
  const attributes = { device: deviceOf(record.computer), ...classified.attributes };
  return assembleEvent(
    { ...classified, attributes },
    {
      time: record.timeMs ?? receivedAtMs,
      severityId: record.severityId,
      rawText,
      metadata: {
        product: { name: family.product, vendor_name: 'Microsoft' },
        profiles: ['host'],
        log_name: record.channel,
        log_provider: record.provider,
        event_code: String(record.code),
        original_event_uid: record.recordId,
        is_truncated: mayBeCut(rawText),
        original_time: record.originalTime,
        log_version: integer(record.fields, 'Version') === undefined ? undefined : text(record.fields, 'Version'),
      },
    },
  );
}
