import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { OtlpLogRecord, OtlpMap, OtlpValue } from '@sallyport/log-formats/otlp';
import { present } from './records/flat-record.ts';

/**
 * A log record as JSON, which is what is kept of it: protobuf has no text, and in OTLP's own JSON a record lacks the resource it came
 * under. Whole numbers past what a double holds are their digits as text, bytes are base64.
 */
export function otlpRecordText(record: OtlpLogRecord): string {
  return JSON.stringify(
    present({
      resource: objectOf(record.resource.attributes),
      scope: record.scope.name,
      timeUnixNano: record.timeUnixNano,
      observedTimeUnixNano: record.observedTimeUnixNano,
      severityNumber: record.severityNumber === 0 ? undefined : record.severityNumber,
      severityText: record.severityText,
      eventName: record.eventName,
      body: jsonOf(record.body),
      attributes: objectOf(record.attributes),
      traceId: record.traceId,
      spanId: record.spanId,
    }),
  );
}

function objectOf(map: OtlpMap): JsonObject | undefined {
  return map.size === 0
    ? undefined
    : present(Object.fromEntries([...map].map(([name, value]) => [name, jsonOf(value)])));
}

function jsonOf(value: OtlpValue): JsonValue | undefined {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string' || typeof value === 'boolean' || value === undefined) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (isList(value)) return value.map((item) => jsonOf(item) ?? null);
  return objectOf(value) ?? {};
}

/** `Array.isArray` alone would lose the type of the items. */
function isList(value: readonly OtlpValue[] | OtlpMap): value is readonly OtlpValue[] {
  return Array.isArray(value);
}
