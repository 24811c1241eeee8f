import { applicationLogSourceOf } from './application-log-source.ts';
import type { EventLogSource } from './event-log-source.ts';
import { sigmaEventOf } from './event-view.ts';
import type { SigmaEvent } from './event-view.ts';
import type { JsonObject } from './json.ts';
import type { SigmaLogSource } from './rule.ts';
import {
  listedWindowsServices,
  windowsCategoriesOf,
  windowsChannelOf,
  windowsServicesOf,
} from './windows-log-source.ts';

/** The fields by which sources are told apart. */
export const logSourceFields: readonly string[] = [
  'EventID',
  'Channel',
  'Provider_Name',
  'eventSource',
  'eventName',
  'awsRegion',
  'userIdentity',
  'logName',
  'data.logName',
  'protoPayload',
  'data.protoPayload',
  'category',
  'resourceId',
  'tenantId',
  'properties.tenantId',
  'operationName',
  'protoPayload.serviceName',
  'data.protoPayload.serviceName',
  'eventType',
  'legacyEventType',
  'debugContext',
  'Workload',
  'Operation',
  'RecordType',
  'action',
  'actor',
  '_document_id',
  'org_id',
  'org',
  'business',
  'apiVersion',
  '_path',
  '@stream',
  'uid',
  'id.orig_h',
  'ts',
  'fuid',
  'type',
  'msg',
  'auid',
  'a0',
  'audit_id',
  'SYSLOG_IDENTIFIER',
  'program',
  'appname',
];

export function logSourceOf(record: JsonObject): EventLogSource {
  return logSourceOfEvent(sigmaEventOf(record));
}

/** The same as `logSourceOf`, for a record that is flattened already. */
export function logSourceOfEvent(event: SigmaEvent): EventLogSource {
  function textOf(field: string): string | undefined {
    const scalar = event.valuesOf(field)?.[0]?.scalar;
    return scalar === null || scalar === undefined ? undefined : String(scalar);
  }
  return logSourceOfFields(textOf, (field) => event.valuesOf(field) !== undefined);
}

/** The same from the first value of each field, and whether it is there at all. */
export function logSourceOfFields(
  textOf: (field: string) => string | undefined,
  has: (field: string) => boolean,
): EventLogSource {
  return windowsLogSourceOf(textOf) ?? applicationLogSourceOf(textOf, has);
}

function windowsLogSourceOf(textOf: (field: string) => string | undefined): EventLogSource | undefined {
  const eventId = textOf('EventID');
  if (eventId === undefined) return undefined;
  const channel = windowsChannelOf(textOf('Channel'), textOf('Provider_Name'));
  if (channel === undefined) return undefined;
  if (channel === 'linux-sysmon/operational') {
    return {
      product: 'linux',
      category: windowsCategoriesOf('microsoft-windows-sysmon/operational', eventId) ?? [],
      service: ['sysmon'],
    };
  }
  const category = windowsCategoriesOf(channel, eventId);
  const service = windowsServicesOf(channel);
  return {
    product: 'windows',
    ...(category === undefined ? {} : { category }),
    ...(service === undefined ? { unlistedChannel: true } : { service }),
  };
}

/**
 * True where the source is known to be what the rule asks for, in everything it names: stronger than not contradicting it.
 * Where this holds the rule's data arrives.
 */
export function isFromLogSource(
  rule: {
    readonly product?: string | undefined;
    readonly category?: string | undefined;
    readonly service?: string | undefined;
  },
  source: EventLogSource,
): boolean {
  return (
    (rule.product === undefined || rule.product === source.product) &&
    (rule.category === undefined || source.category?.includes(rule.category) === true) &&
    (rule.service === undefined || source.service?.includes(rule.service) === true)
  );
}

/**
 * False only where the two contradict each other: a dimension is known on both sides and differs. Whatever cannot be told is
 * evaluated, so routing loses no match.
 */
export function matchesLogSource(
  rule: Pick<SigmaLogSource, 'category' | 'product' | 'service'>,
  source: EventLogSource,
): boolean {
  if (rule.product !== undefined && source.product !== undefined && rule.product !== source.product) return false;
  if (rule.category !== undefined && source.category !== undefined && !source.category.includes(rule.category))
    return false;
  if (rule.service === undefined) return true;
  if (source.service !== undefined) return source.service.includes(rule.service);
  return !(source.unlistedChannel === true && listedWindowsServices.has(rule.service));
}
