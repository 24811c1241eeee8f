import type { JsonObject } from '@sallyport/contracts';
import { cefTime, parseCef } from '@sallyport/log-formats/cef';
import { leefTime, parseLeef } from '@sallyport/log-formats/leef';
import type { TimeReference } from '@sallyport/log-formats';
import { fieldsOf, isoTime, present } from './flat-record.ts';
import type { Fields } from './flat-record.ts';

/** Severity of CEF from 0 to 10 in the words of syslog that mean the same to whoever maps it. */
const bands = { low: 'low', medium: 'medium', high: 'high', very_high: 'critical' } as const;

/** A CEF event: its header, its extension as it is, and Sigma's names of firewalls and proxies for what they have. */
export function cefFields(text: string, reference: TimeReference): JsonObject | undefined {
  const parsed = parseCef(text);
  if (!parsed.ok) return undefined;
  const event = parsed.value;
  const extension = fieldsOf(event.extension);
  return present({
    ...extension,
    ...networkNames(event.extension, { sourcePort: 'spt', targetPort: 'dpt', user: 'suser', targetUser: 'duser' }),
    deviceVendor: event.deviceVendor,
    deviceProduct: event.deviceProduct,
    deviceVersion: event.deviceVersion,
    deviceEventClassId: event.deviceEventClassId,
    name: event.name,
    message: extension['msg'] ?? event.name,
    severity: event.severityBand === undefined ? undefined : bands[event.severityBand],
    device_severity: event.severity,
    repeated_keys: event.repeatedKeys.length === 0 ? undefined : event.repeatedKeys,
    time: isoTime(cefTime(event, reference)?.unixMs),
    host: extension['dvchost'],
  });
}

export function leefFields(text: string, reference: TimeReference): JsonObject | undefined {
  const parsed = parseLeef(text);
  if (!parsed.ok) return undefined;
  const event = parsed.value;
  const attributes = fieldsOf(event.attributes);
  const weight = Number(attributes['sev']);
  return present({
    ...attributes,
    ...networkNames(event.attributes, { sourcePort: 'srcPort', targetPort: 'dstPort', user: 'usrName' }),
    deviceVendor: event.vendor,
    deviceProduct: event.product,
    deviceVersion: event.productVersion,
    deviceEventClassId: event.eventId,
    name: event.eventId,
    message: attributes['msg'] ?? event.eventId,
    severity: attributes['sev'] === undefined ? undefined : bandOf(weight),
    repeated_keys: event.repeatedKeys.length === 0 ? undefined : event.repeatedKeys,
    time: isoTime(leefTime(event, reference)?.unixMs),
    host: attributes['identHostName'],
  });
}

function networkNames(
  map: ReadonlyMap<string, string>,
  keys: { sourcePort: string; targetPort: string; user: string; targetUser?: string },
): Fields {
  return {
    src_ip: map.get('src'),
    dst_ip: map.get('dst'),
    src_port: map.get(keys.sourcePort),
    dst_port: map.get(keys.targetPort),
    protocol: map.get('proto'),
    action: map.get('act') ?? map.get('action'),
    username: map.get(keys.user) ?? map.get(keys.targetUser ?? ''),
  };
}

function bandOf(weight: number): string | undefined {
  if (!(weight >= 0 && weight <= 10)) return undefined;
  if (weight <= 3) return 'low';
  if (weight <= 6) return 'medium';
  return weight <= 8 ? 'high' : 'critical';
}
