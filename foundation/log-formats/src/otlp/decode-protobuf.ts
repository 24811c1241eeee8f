// ExportLogsServiceRequest of opentelemetry-proto 1.x (collector/logs/v1, logs/v1, common/v1, resource/v1).
import { Buffer } from 'node:buffer';
import { accept, refuse } from '../text/parsed.ts';
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
import {
  bytesValue,
  int64Value,
  isField,
  nextField,
  stringValue,
  subMessage,
  uint32Value,
  wireReader,
  wireTypes,
} from './wire.ts';
import type { WireReader } from './wire.ts';

const { varint, fixed64, fixed32, bytes: lengthDelimited } = wireTypes;

/** The records of a request in protobuf. The last of a field that may come once counts, as the format wants it. */
export function decodeOtlpProtobuf(
  bytes: Uint8Array,
  limits: OtlpLimits = defaultOtlpLimits,
): Parsed<OtlpLogs, OtlpRefusalCode> {
  if (bytes.length > limits.maxBytes)
    return refuse(
      'otlp_too_large',
      limits.maxBytes,
      `Request has ${bytes.length} bytes, must be at most ${limits.maxBytes}`,
    );
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const budget: OtlpBudget = { limits, records: 0, values: 0 };
  const records: OtlpLogRecord[] = [];
  try {
    const request = wireReader(buffer, 0, buffer.length);
    while (nextField(request)) {
      if (isField(request, 1, lengthDelimited)) readResourceLogs(subMessage(request), budget, records);
    }
  } catch (error) {
    if (error instanceof OtlpFault) return refuse(error.code, error.at, error.message);
    throw error;
  }
  return accept({ records, rejected: 0, rejectedReason: '' });
}

/** Fields may come in any order, so what the records share is looked for first. */
function readResourceLogs(message: WireReader, budget: OtlpBudget, records: OtlpLogRecord[]): void {
  const start = message.position;
  let attributes: OtlpMap = new Map();
  let schemaUrl = '';
  while (nextField(message)) {
    if (isField(message, 1, lengthDelimited)) attributes = readAttributes(subMessage(message), 1, budget);
    else if (isField(message, 3, lengthDelimited)) schemaUrl = stringValue(message);
  }
  const resource: OtlpResource = { attributes, schemaUrl };
  message.position = start;
  while (nextField(message)) {
    if (isField(message, 2, lengthDelimited)) readScopeLogs(subMessage(message), { resource, budget, records });
  }
}

function readScopeLogs(
  message: WireReader,
  context: { readonly resource: OtlpResource; readonly budget: OtlpBudget; readonly records: OtlpLogRecord[] },
): void {
  const start = message.position;
  let named: Omit<OtlpScope, 'schemaUrl'> = { name: '', version: '', attributes: new Map() };
  let schemaUrl = '';
  while (nextField(message)) {
    if (isField(message, 1, lengthDelimited)) named = readScope(subMessage(message), context.budget);
    else if (isField(message, 3, lengthDelimited)) schemaUrl = stringValue(message);
  }
  const scope: OtlpScope = { ...named, schemaUrl };
  message.position = start;
  while (nextField(message)) {
    if (!isField(message, 2, lengthDelimited)) continue;
    spendRecord(context.budget, message.from);
    context.records.push({ resource: context.resource, scope, ...readRecord(subMessage(message), context.budget) });
  }
}

function readScope(message: WireReader, budget: OtlpBudget): Omit<OtlpScope, 'schemaUrl'> {
  let name = '';
  let version = '';
  const attributes = new Map<string, OtlpValue>();
  while (nextField(message)) {
    if (isField(message, 1, lengthDelimited)) name = stringValue(message);
    else if (isField(message, 2, lengthDelimited)) version = stringValue(message);
    else if (isField(message, 3, lengthDelimited)) readKeyValue(subMessage(message), attributes, { budget, depth: 1 });
  }
  return { name, version, attributes };
}

function readRecord(message: WireReader, budget: OtlpBudget): Omit<OtlpLogRecord, 'resource' | 'scope'> {
  let timeUnixNano: string | undefined;
  let observedTimeUnixNano: string | undefined;
  let severityNumber = 0;
  let severityText = '';
  let body: OtlpValue;
  let droppedAttributesCount = 0;
  let flags = 0;
  let traceId: string | undefined;
  let spanId: string | undefined;
  let eventName = '';
  const attributes = new Map<string, OtlpValue>();
  while (nextField(message)) {
    if (isField(message, 1, fixed64)) timeUnixNano = nanoOf(message);
    else if (isField(message, 11, fixed64)) observedTimeUnixNano = nanoOf(message);
    else if (isField(message, 2, varint)) severityNumber = uint32Value(message);
    else if (isField(message, 3, lengthDelimited)) severityText = stringValue(message);
    else if (isField(message, 5, lengthDelimited)) body = readValue(subMessage(message), { budget, depth: 1 });
    else if (isField(message, 6, lengthDelimited)) readKeyValue(subMessage(message), attributes, { budget, depth: 1 });
    else if (isField(message, 7, varint)) droppedAttributesCount = uint32Value(message);
    else if (isField(message, 8, fixed32)) flags = message.buffer.readUInt32LE(message.from);
    else if (isField(message, 9, lengthDelimited)) traceId = idOf(message, 16);
    else if (isField(message, 10, lengthDelimited)) spanId = idOf(message, 8);
    else if (isField(message, 12, lengthDelimited)) eventName = stringValue(message);
  }
  return {
    timeUnixNano,
    observedTimeUnixNano,
    severityNumber,
    severityText,
    body,
    attributes,
    droppedAttributesCount,
    flags,
    traceId,
    spanId,
    eventName,
  };
}

function nanoOf(message: WireReader): string | undefined {
  const nano = message.buffer.readBigUInt64LE(message.from);
  return nano === 0n ? undefined : nano.toString();
}

/** Ids of the wrong length, and all zeros, are invalid, and an invalid id is no id. */
function idOf(message: WireReader, length: number): string | undefined {
  if (message.to - message.from !== length) return undefined;
  const hex = message.buffer.toString('hex', message.from, message.to);
  return /^0+$/.test(hex) ? undefined : hex;
}

type Depth = { readonly budget: OtlpBudget; readonly depth: number };

/** All KeyValue messages under one field number. Of a key that comes twice the first value stays. */
function readAttributes(message: WireReader, field: number, budget: OtlpBudget): OtlpMap {
  const attributes = new Map<string, OtlpValue>();
  while (nextField(message)) {
    if (isField(message, field, lengthDelimited)) readKeyValue(subMessage(message), attributes, { budget, depth: 1 });
  }
  return attributes;
}

function readKeyValue(message: WireReader, into: Map<string, OtlpValue>, at: Depth): void {
  let key = '';
  let value: OtlpValue;
  while (nextField(message)) {
    if (isField(message, 1, lengthDelimited)) key = stringValue(message);
    else if (isField(message, 2, lengthDelimited)) value = readValue(subMessage(message), at);
  }
  if (!into.has(key)) into.set(key, value);
}

function readValue(message: WireReader, at: Depth): OtlpValue {
  spendValue(at.budget, at.depth, message.position);
  let value: OtlpValue;
  while (nextField(message)) {
    if (isField(message, 1, lengthDelimited)) value = stringValue(message);
    else if (isField(message, 2, varint)) value = uint32Value(message) !== 0;
    else if (isField(message, 3, varint)) value = int64Value(message);
    else if (isField(message, 4, fixed64)) value = message.buffer.readDoubleLE(message.from);
    else if (isField(message, 5, lengthDelimited)) value = readList(subMessage(message), at);
    else if (isField(message, 6, lengthDelimited)) value = readMap(subMessage(message), at);
    else if (isField(message, 7, lengthDelimited)) value = bytesValue(message);
  }
  return value;
}

function readList(message: WireReader, at: Depth): readonly OtlpValue[] {
  const list: OtlpValue[] = [];
  while (nextField(message)) {
    if (isField(message, 1, lengthDelimited)) list.push(readValue(subMessage(message), { ...at, depth: at.depth + 1 }));
  }
  return list;
}

function readMap(message: WireReader, at: Depth): OtlpMap {
  const map = new Map<string, OtlpValue>();
  while (nextField(message)) {
    if (isField(message, 1, lengthDelimited)) readKeyValue(subMessage(message), map, { ...at, depth: at.depth + 1 });
  }
  return map;
}
