import { isJsonObject } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import { isoTime, objectIn, present, textIn } from './flat-record.ts';
import type { ReadContext, ReadRecord, RecordFormat } from './record-format.ts';

/** Reads what an envelope holds, as the format it hints at. */
type ReadInner = (text: string, format: RecordFormat) => ReadRecord;

/** Source types of Splunk that name a format; what has none of these is recognised. */
const sourceTypes: readonly (readonly [RegExp, RecordFormat])[] = [
  [/^(?:syslog|linux_secure|linux_messages_syslog|cisco)/i, 'syslog'],
  [/^access_combined|^apache|^nginx/i, 'web_access'],
  [/^(?:linux[:_])?audit/i, 'auditd'],
  [/^cef\b/i, 'cef'],
  [/^leef\b/i, 'leef'],
  [/^XmlWinEventLog/i, 'windows_event_xml'],
];

export function formatOfSourceType(sourcetype: string | undefined): RecordFormat {
  return sourceTypes.find(([pattern]) => pattern.test(sourcetype ?? ''))?.[1] ?? 'auto';
}

/** An object of Splunk's HTTP Event Collector: what its `event` is, with host, time and fields of the envelope where it names none. */
export function unwrapHec(text: string, readInner: ReadInner, context: ReadContext): ReadRecord {
  const envelope = objectIn(text);
  if (envelope === undefined) return { ok: false, reason: 'json_invalid' };
  const sourcetype = textIn(envelope, 'sourcetype');
  const fields = envelope['fields'];
  return opened(envelope['event'], {
    format: formatOfSourceType(sourcetype),
    readInner,
    timeMs: secondsIn(envelope['time']),
    outside: {
      ...(isJsonObject(fields) ? fields : {}),
      host: textIn(envelope, 'host') ?? context.host,
      source: textIn(envelope, 'source'),
      sourcetype,
      index: textIn(envelope, 'index'),
    },
  });
}

/** A log record of OpenTelemetry, written as JSON: what its body is, with the attributes of record and resource. */
export function unwrapOtlp(text: string, readInner: ReadInner, context: ReadContext): ReadRecord {
  const envelope = objectIn(text);
  if (envelope === undefined) return { ok: false, reason: 'json_invalid' };
  const { resource, attributes, body } = envelope;
  const own = isJsonObject(attributes) ? attributes : {};
  const common = isJsonObject(resource) ? resource : {};
  const nano = textIn(envelope, 'timeUnixNano') ?? textIn(envelope, 'observedTimeUnixNano');
  const number = envelope['severityNumber'];
  return opened(body ?? textIn(envelope, 'eventName') ?? '', {
    format: 'auto',
    readInner,
    timeMs: nano === undefined ? undefined : Number(nano.slice(0, -6)),
    outside: {
      ...common,
      ...own,
      host: textIn(common, 'host.name') ?? textIn(own, 'host.name') ?? context.host,
      program: textIn(common, 'service.name'),
      severity: textIn(envelope, 'severityText') ?? (typeof number === 'number' ? severityOf(number) : undefined),
      trace_id: textIn(envelope, 'traceId'),
      span_id: textIn(envelope, 'spanId'),
      event_name: textIn(envelope, 'eventName'),
    },
  });
}

type Opened = {
  readonly format: RecordFormat;
  readonly readInner: ReadInner;
  readonly timeMs: number | undefined;
  readonly outside: Readonly<Record<string, JsonValue | undefined>>;
};

function opened(inner: JsonValue | undefined, { format, readInner, timeMs, outside }: Opened): ReadRecord {
  const isObject = inner !== undefined && isJsonObject(inner);
  const said = typeof inner === 'string' ? inner : JSON.stringify(inner ?? '');
  const hinted = readInner(said, isObject ? 'json' : format);
  const read = hinted.ok ? hinted : readInner(said, isObject ? 'text' : 'auto');
  if (!read.ok) return read;
  // An OCSF event has no place for the fields of an envelope.
  if (Object.hasOwn(read.record, 'class_uid')) return { ...read, isWhole: false };
  const time = Object.hasOwn(read.record, 'time') ? undefined : isoTime(timeMs);
  return { ...read, record: { ...present({ ...outside, time }), ...read.record }, isWhole: false, timeMs };
}

/** Seconds since 1970 with a fraction, as a number or a text. */
function secondsIn(value: JsonValue | undefined): number | undefined {
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0
    ? Math.floor(seconds * 1000)
    : undefined;
}

/** SeverityNumber of the logs data model: four numbers each of trace, debug, info, warn, error and fatal. */
function severityOf(number: number): string | undefined {
  return ['trace', 'debug', 'info', 'warn', 'error', 'fatal'][Math.ceil(number / 4) - 1];
}
