import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { readEventXml } from '@sallyport/evtx';
import { fixedZone, recognise } from '@sallyport/log-formats';
import type { LogFormat, TimeReference } from '@sallyport/log-formats';
import { findCef } from '@sallyport/log-formats/cef';
import { findLeef } from '@sallyport/log-formats/leef';
import { parseSyslog } from '@sallyport/log-formats/syslog';
import { measureJson } from '../measure-json.ts';
import { auditFields } from './audit-record.ts';
import { cefFields, leefFields } from './device-event-record.ts';
import { isoTime, objectIn, present, processId } from './flat-record.ts';
import { journalFields } from './journal-record.ts';
import { linuxAuthFields } from './linux-auth-record.ts';
import type { ReadContext, ReadRecord, RecordFormat, UnreadableReason } from './record-format.ts';
import { looksLikeS3Notification, s3NotificationFields } from './s3-notification-record.ts';
import { unwrapHec, unwrapOtlp } from './wrapped-record.ts';
import { webAccessFields } from './web-access-record.ts';
import { zeekFields } from './zeek-record.ts';

/** JSON within a message is looked into only within the bounds of JSON that comes by itself. */
export type JsonBounds = { readonly maxDepth: number; readonly maxFields: number };

type Read = ReadContext & { readonly bounds: JsonBounds };

const refused = (reason: UnreadableReason): ReadRecord => ({ ok: false, reason });
const parsed = (format: string, record: JsonObject): ReadRecord => ({ ok: true, format, record, isWhole: false });

/** Reads one message. Never throws; time is linear in its length. */
export function readRecord(text: string, format: RecordFormat, context: Read): ReadRecord {
  const reference = { nowMs: context.receivedAtMs, zone: fixedZone(context.zoneMinutes) };
  switch (format) {
    case 'json':
      return readJson(text, context);
    case 'auto':
      return readRecognised(text, context, reference);
    case 'syslog':
      return readSyslog(text, context, reference) ?? refused('syslog_invalid');
    case 'cef':
    case 'leef':
      return readDevice(text, format, { context, reference }) ?? refused(`${format}_invalid`);
    case 'auditd':
      return readAudit(text, context) ?? refused('auditd_invalid');
    case 'web_access':
      return parsedOr('web-access', webAccessFields(text), context) ?? refused('web_access_invalid');
    case 'windows_event_xml':
      return readXml(text) ?? refused('windows_event_xml_invalid');
    case 'splunk_hec':
      return unwrapHec(text, (inner, hint) => readRecord(inner, hint, context), context);
    case 'otlp_record':
      return unwrapOtlp(text, (inner, hint) => readRecord(inner, hint, context), context);
    case 'zeek':
      return readZeek(text, context);
    case 'text':
      return parsed('text', present({ message: text, host: context.host }));
    default:
      return format satisfies never;
  }
}

const jsonFormats = new Set<LogFormat>([
  'json',
  'otlp_json',
  'splunk_hec',
  'journal_json',
  'zeek_json',
  'suricata_eve',
  'kubernetes_audit',
  'cloudtrail',
  's3_notification',
]);

/** What cannot be read as what it seems to be is still a text, and rules look for words in it. */
function readRecognised(text: string, context: Read, reference: TimeReference): ReadRecord {
  const { format } = recognise(text);
  const read =
    format === 'cef' || format === 'leef' || format === 'auditd' || format === 'web_access'
      ? readRecord(text, format, context)
      : format === 'windows_event_xml'
        ? readXml(text)
        : jsonFormats.has(format)
          ? readJson(text, context)
          : format === 'syslog_rfc3164' || format === 'syslog_rfc5424'
            ? readSyslog(text, context, reference)
            : undefined;
  return read?.ok === true ? read : readRecord(text, 'text', context);
}

function readJson(text: string, context: Read): ReadRecord {
  if (!isWithin(text, context.bounds)) return refused('json_invalid');
  let value;
  try {
    value = parseJson(text);
  } catch {
    return refused('json_invalid');
  }
  return isJsonObject(value) ? readObject(value, text, { context, isWhole: true }) : refused('not_an_object');
}

/** A JSON record; an entry of the journal is what its program said, a notification of S3 has the objects it names beside it. */
function readObject(
  record: JsonObject,
  text: string,
  { context, isWhole }: { context: Read; isWhole: boolean },
): ReadRecord {
  const notification = looksLikeS3Notification(record) ? s3NotificationFields(record, text) : undefined;
  if (notification !== undefined) return parsed('s3-notification', notification);
  const journal = Object.hasOwn(record, 'MESSAGE') ? journalFields(text) : undefined;
  if (journal === undefined) return { ok: true, format: undefined, record, isWhole };
  const { message, header } = journal;
  const reference = { nowMs: context.receivedAtMs, zone: fixedZone(context.zoneMinutes) };
  return readMessage(message, { header: { host: context.host ?? null, ...header }, context, reference });
}

function readAudit(text: string, context: Read): ReadRecord | undefined {
  const read = auditFields(text);
  return read && parsedOr(read.format, read.fields, context);
}

/** A row of a log whose headers came before it. Some logs hold JSON all the same. */
function readZeek(text: string, context: Read): ReadRecord {
  if (text.startsWith('{')) return readJson(text, context);
  const fields = context.zeek === undefined ? undefined : zeekFields(text, context.zeek);
  return fields === undefined ? refused('zeek_invalid') : parsed('zeek-json', fields);
}

function parsedOr(format: string, fields: JsonObject | undefined, context: Read): ReadRecord | undefined {
  return fields === undefined ? undefined : parsed(format, present({ host: context.host, ...fields }));
}

function readXml(text: string): ReadRecord | undefined {
  const result = readEventXml(text);
  return result.kind === 'event' ? { ok: true, format: undefined, record: result.event, isWhole: false } : undefined;
}

/** Behind a syslog header or bare. */
function readDevice(
  text: string,
  format: 'cef' | 'leef',
  { context, reference }: { context: Read; reference: TimeReference },
): ReadRecord | undefined {
  const at = format === 'cef' ? findCef(text) : findLeef(text);
  if (at > 0) {
    const behind = readSyslog(text, context, reference);
    if (behind?.ok === true && behind.format === format) return behind;
  }
  return parsedOr(format, format === 'cef' ? cefFields(text, reference) : leefFields(text, reference), context);
}

function readSyslog(text: string, context: Read, reference: TimeReference): ReadRecord | undefined {
  const read = parseSyslog(text, reference);
  if (!read.ok) return undefined;
  const syslog = read.value;
  const header = present({
    time: isoTime(syslog.time?.unixMs),
    host: syslog.host ?? context.host,
    program: syslog.application,
    ProcessId: processId(syslog.processId),
    MessageId: syslog.messageId,
    facility: syslog.priority?.facilityName,
    severity: syslog.priority?.severityName,
    structured_data:
      syslog.structuredData.length === 0
        ? undefined
        : Object.fromEntries(syslog.structuredData.map(({ id, parameters }) => [id, Object.fromEntries(parameters)])),
    syslog_sequence: syslog.sequence,
    device_clock: syslog.clock,
  });
  return readMessage(syslog.message, { header, context, reference });
}

type Said = { readonly header: JsonObject; readonly context: Read; readonly reference: TimeReference };

/** What a program said, by what it is: the fields of the header stay, unless the message knows better. */
function readMessage(message: string, { header, context, reference }: Said): ReadRecord {
  const program = typeof header['program'] === 'string' ? header['program'] : '';
  const within = (format: string, fields: JsonObject | undefined): ReadRecord | undefined =>
    fields === undefined ? undefined : parsed(format, present({ ...header, message, ...fields }));
  const start = message.trimStart();
  const withinAudit = (): ReadRecord | undefined => {
    const audit = /^(?:node=\S+ )?type=/.test(start) ? auditFields(start) : undefined;
    return audit && within(audit.format, audit.fields);
  };
  const object = objectWithin(start, context.bounds);
  if (object !== undefined) {
    // An OCSF event has no place for the fields of a header.
    const record = Object.hasOwn(object, 'class_uid') ? object : { ...header, ...object };
    return { ok: true, format: undefined, record: present(record), isWhole: false };
  }
  return (
    (start.startsWith('<Event') ? readXml(start) : undefined) ??
    within('cef', findCef(start) === 0 ? cefFields(start, reference) : undefined) ??
    within('leef', findLeef(start) === 0 ? leefFields(start, reference) : undefined) ??
    withinAudit() ??
    // Whose name is not its own says nothing that is believed.
    (header['ClaimedProgram'] === undefined ? within('linux-auth', linuxAuthFields(program, message)) : undefined) ??
    within('web-access', webServers.test(program) ? webAccessFields(start) : undefined) ??
    parsed('syslog', present({ ...header, message }))
  );
}

const webServers = /^(?:nginx|apache2?|httpd|haproxy|caddy|lighttpd|traefik)/;

function objectWithin(start: string, bounds: JsonBounds): JsonObject | undefined {
  const text = start.startsWith('@cee:') ? start.slice(5).trim() : start;
  return text.startsWith('{') && isWithin(text, bounds) ? objectIn(text) : undefined;
}

function isWithin(text: string, bounds: JsonBounds): boolean {
  const { depth, fields } = measureJson(Buffer.from(text));
  return depth <= bounds.maxDepth && fields <= bounds.maxFields;
}
