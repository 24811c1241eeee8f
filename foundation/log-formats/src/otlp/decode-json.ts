// OTLP/JSON: hexadecimal ids, 64-bit integers as strings, enums as numbers, lowerCamelCase; other names are ignored.
import { Buffer } from 'node:buffer';
import { isJsonObject, isList, parseJsonObject } from '../text/bounded-json.ts';
import type { JsonObject } from '../text/bounded-json.ts';
import { accept, quoted, refuse } from '../text/parsed.ts';
import type { Parsed } from '../text/parsed.ts';
import { OtlpFault, defaultOtlpLimits, spendRecord, spendValue } from './log-record.ts';
import type {
  OtlpBudget,
  OtlpLimits,
  OtlpLogRecord,
  OtlpLogs,
  OtlpMap,
  OtlpRefusalCode,
  OtlpResource,
  OtlpScope,
  OtlpValue,
} from './log-record.ts';

/** JSON levels outside a value: request, lists and objects down to the record. A value of depth 1 takes up to four. */
const envelopeDepth = 16;

/** The records of a request in JSON. A record with a value of the wrong type is rejected alone; the frame around must be right. */
export function decodeOtlpJson(
  text: string,
  limits: OtlpLimits = defaultOtlpLimits,
): Parsed<OtlpLogs, OtlpRefusalCode> {
  const parsed = parseJsonObject(text, {
    maxCharacters: limits.maxBytes,
    maxDepth: envelopeDepth + limits.maxDepth * 4,
  });
  if (!parsed.ok) {
    const code =
      parsed.code === 'json_too_large'
        ? 'otlp_too_large'
        : parsed.code === 'json_too_deep'
          ? 'otlp_too_deep'
          : 'otlp_json';
    return refuse(code, parsed.at, parsed.message);
  }
  const collected: Collected = {
    budget: { limits, records: 0, values: 0 },
    records: [],
    rejected: 0,
    rejectedReason: '',
  };
  try {
    for (const entry of objects(parsed.value, 'resourceLogs')) readResourceLogs(entry, collected);
  } catch (error) {
    if (error instanceof OtlpFault) return refuse(error.code, error.at, error.message);
    throw error;
  }
  const { records, rejected, rejectedReason } = collected;
  return accept({ records, rejected, rejectedReason });
}

type Collected = {
  readonly budget: OtlpBudget;
  readonly records: OtlpLogRecord[];
  rejected: number;
  rejectedReason: string;
};

function readResourceLogs(entry: JsonObject, collected: Collected): void {
  const { budget } = collected;
  const resource: OtlpResource = {
    attributes: readAttributes(object(entry, 'resource'), 'attributes', { budget, depth: 1 }),
    schemaUrl: string(entry, 'schemaUrl'),
  };
  for (const group of objects(entry, 'scopeLogs')) {
    const named = object(group, 'scope');
    const attributes = readAttributes(named, 'attributes', { budget, depth: 1 });
    const scope: OtlpScope = {
      name: string(named, 'name'),
      version: string(named, 'version'),
      attributes,
      schemaUrl: string(group, 'schemaUrl'),
    };
    for (const record of list(group, 'logRecords')) {
      spendRecord(budget, 0);
      try {
        if (!isJsonObject(record)) throw shape('logRecords', 'objects');
        collected.records.push({ resource, scope, ...readRecord(record, budget) });
      } catch (error) {
        if (!(error instanceof OtlpFault) || error.code !== 'otlp_shape') throw error;
        collected.rejected += 1;
        if (collected.rejected === 1) collected.rejectedReason = error.message;
      }
    }
  }
}

function readRecord(record: JsonObject, budget: OtlpBudget): Omit<OtlpLogRecord, 'resource' | 'scope'> {
  const at = { budget, depth: 1 };
  const body = present(record, 'body');
  return {
    timeUnixNano: nano(record, 'timeUnixNano'),
    observedTimeUnixNano: nano(record, 'observedTimeUnixNano'),
    severityNumber: uint32(record, 'severityNumber'),
    severityText: string(record, 'severityText'),
    body: body === undefined ? undefined : readValue(body, 'body', at),
    attributes: readAttributes(record, 'attributes', at),
    droppedAttributesCount: uint32(record, 'droppedAttributesCount'),
    flags: uint32(record, 'flags'),
    traceId: id(record, 'traceId', 32),
    spanId: id(record, 'spanId', 16),
    eventName: string(record, 'eventName'),
  };
}

type Depth = { readonly budget: OtlpBudget; readonly depth: number };

function readAttributes(owner: JsonObject, name: string, at: Depth): OtlpMap {
  const attributes = new Map<string, OtlpValue>();
  for (const pair of objects(owner, name)) {
    const key = string(pair, 'key');
    const value = present(pair, 'value');
    if (!attributes.has(key)) attributes.set(key, value === undefined ? undefined : readValue(value, key, at));
  }
  return attributes;
}

function readValue(value: unknown, name: string, at: Depth): OtlpValue {
  spendValue(at.budget, at.depth, 0);
  if (!isJsonObject(value)) throw shape(name, 'an AnyValue object');
  const deeper = { ...at, depth: at.depth + 1 };
  for (const [kind, held] of Object.entries(value)) {
    if (held === null) continue;
    switch (kind) {
      case 'stringValue':
        return string(value, kind);
      case 'boolValue':
        if (typeof held !== 'boolean') throw shape(kind, 'a boolean');
        return held;
      case 'intValue':
        return int64(held);
      case 'doubleValue':
        return double(held);
      case 'bytesValue':
        return Uint8Array.from(Buffer.from(string(value, kind), 'base64'));
      case 'arrayValue':
        return list(object(value, kind), 'values').map((item) =>
          item === null ? undefined : readValue(item, 'values', deeper),
        );
      case 'kvlistValue':
        return readAttributes(object(value, kind), 'values', deeper);
      default:
        break;
    }
  }
  return undefined;
}

function shape(name: string, wanted: string): OtlpFault {
  return new OtlpFault('otlp_shape', 0, `Field ${quoted(name)} must be ${wanted}`);
}

/** The value of a field; null and absent are the same in the JSON mapping. */
function present(owner: JsonObject, name: string): unknown {
  return Object.hasOwn(owner, name) ? (owner[name] ?? undefined) : undefined;
}

function string(owner: JsonObject, name: string): string {
  const value = present(owner, name) ?? '';
  if (typeof value !== 'string') throw shape(name, 'a string');
  return value;
}

function object(owner: JsonObject, name: string): JsonObject {
  const value = present(owner, name) ?? {};
  if (!isJsonObject(value)) throw shape(name, 'an object');
  return value;
}

function list(owner: JsonObject, name: string): readonly unknown[] {
  const value = present(owner, name) ?? [];
  if (!isList(value)) throw shape(name, 'a list');
  return value;
}

function objects(owner: JsonObject, name: string): JsonObject[] {
  return list(owner, name).map((entry) => {
    if (!isJsonObject(entry)) throw shape(name, 'a list of objects');
    return entry;
  });
}

/** fixed64 as decimal text, or as a number where senders do so; 0 is unknown. */
function nano(owner: JsonObject, name: string): string | undefined {
  const value = present(owner, name) ?? '0';
  const text = typeof value === 'number' && Number.isInteger(value) && value >= 0 ? BigInt(value).toString() : value;
  if (typeof text !== 'string' || !/^\d{1,20}$/.test(text)) throw shape(name, 'nanoseconds in decimal');
  return /^0+$/.test(text) ? undefined : text;
}

function uint32(owner: JsonObject, name: string): number {
  const value = present(owner, name) ?? 0;
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > 4_294_967_295)
    throw shape(name, 'a whole number');
  return number;
}

function id(owner: JsonObject, name: string, digits: number): string | undefined {
  const text = string(owner, name).toLowerCase();
  return text.length === digits && /^[0-9a-f]+$/.test(text) && !/^0+$/.test(text) ? text : undefined;
}

function int64(value: unknown): number | bigint {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) throw shape('intValue', 'an integer as text');
  const exact = BigInt(value);
  if (BigInt.asIntN(64, exact) !== exact) throw shape('intValue', 'an integer of 64 bits');
  const narrow = Number(exact);
  return Number.isSafeInteger(narrow) ? narrow : exact;
}

function double(value: unknown): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  if (Number.isNaN(number)) throw shape('doubleValue', 'a number');
  return number;
}
