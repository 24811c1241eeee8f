import type { JsonObject, JsonValue, OcsfEvent } from '../event.ts';
import { isObject, text } from '../fields.ts';
import { normaliseGeneric } from '../generic.ts';
import { mappedEvent } from './mapped-event.ts';
import type { Mapper } from './mapper.ts';

/** What mapping needs of a mapper. */
export type RecordMapper = Pick<Mapper, 'map'>;

export type RecordSource = {
  readonly rawText: string;
  readonly receivedAtMs: number;
  readonly mapper: RecordMapper;
  /** The record is not what stands in `rawText` as JSON, and is kept beside it. */
  readonly isParsed: boolean;
};

/** A record that a parser made of a text: by the mapping that fits, else a base event with what every record may claim. Never throws. */
export function recordEvent(format: string, record: JsonObject, source: RecordSource): OcsfEvent {
  const { rawText, receivedAtMs, mapper, isParsed } = source;
  const mapped = mapper.map(format, record);
  if (mapped !== undefined) return mappedEvent(mapped, { rawText, receivedAtMs, ...(isParsed && { parsed: record }) });
  return withRecord(normaliseGeneric(record, rawText, receivedAtMs), format, isParsed ? record : undefined);
}

/** The event with the record that rules look at, in place of its original text. */
export function withRecord(event: OcsfEvent, format: string, record: JsonObject | undefined): OcsfEvent {
  const unmapped = isObject(event['unmapped']) ? event['unmapped'] : {};
  const own = isObject(unmapped['sallyport']) ? unmapped['sallyport'] : {};
  return {
    ...event,
    unmapped: { ...unmapped, ...(record !== undefined && { record }), sallyport: { format, ...own } },
  };
}

/** JSON records whose mappings have a format of their own; any other is `json`. Told by names that only they have. */
export function jsonFormatOf(record: JsonObject): string {
  const has = (name: string): boolean => Object.hasOwn(record, name);
  if (has('auditID') && isKubernetes(text(record, 'apiVersion'), has('stage') && has('requestURI')))
    return 'kubernetes-audit';
  if (has('event_type') && has('timestamp') && (has('flow_id') || has('src_ip') || has('stats'))) return 'suricata-eve';
  if (has('ts') && (has('_path') || (has('uid') && (has('id.orig_h') || isOrigin(record['id']))))) return 'zeek-json';
  if (has('__REALTIME_TIMESTAMP') || has('__CURSOR')) return 'journal-json';
  return 'json';
}

/** In the list that a webhook posts, an event does not name its version. */
function isKubernetes(version: string | undefined, hasShape: boolean): boolean {
  return version === undefined ? hasShape : version.startsWith('audit.k8s.io/');
}

function isOrigin(value: JsonValue | undefined): boolean {
  return isObject(value) && Object.hasOwn(value, 'orig_h');
}
