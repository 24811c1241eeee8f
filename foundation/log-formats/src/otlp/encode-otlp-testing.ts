// What an exporter does: for tests and benches of the reading side.
import { Buffer } from 'node:buffer';
import type { OtlpLogRecord, OtlpMap, OtlpValue } from './log-record.ts';

function varint(value: bigint | number): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

/** One field with its tag. Lengths are written for wire type 2. */
export function wireField(field: number, wireType: number, value: Uint8Array): Buffer {
  const length = wireType === 2 ? [varint(value.length)] : [];
  return Buffer.concat([varint(field * 8 + wireType), ...length, value]);
}

const text = (field: number, value: string): Buffer =>
  value === '' ? Buffer.alloc(0) : wireField(field, 2, Buffer.from(value));

function fixed64(field: number, value: string | undefined): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value ?? 0));
  return wireField(field, 1, bytes);
}

function encodeValue(value: OtlpValue): Buffer {
  if (value === undefined) return Buffer.alloc(0);
  if (typeof value === 'string') return wireField(1, 2, Buffer.from(value));
  if (typeof value === 'boolean') return wireField(2, 0, Buffer.from([value ? 1 : 0]));
  if (typeof value === 'bigint' || Number.isSafeInteger(value))
    return wireField(3, 0, varint(typeof value === 'bigint' ? value : Number(value)));
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return wireField(4, 1, bytes);
  }
  if (value instanceof Uint8Array) return wireField(7, 2, value);
  if (value instanceof Map) return wireField(6, 2, encodePairs(1, value));
  return wireField(
    5,
    2,
    Buffer.concat([...(Array.isArray(value) ? value : [])].map((item) => wireField(1, 2, encodeValue(item)))),
  );
}

function encodePairs(field: number, pairs: OtlpMap): Buffer {
  return Buffer.concat(
    [...pairs].map(([key, value]) =>
      wireField(field, 2, Buffer.concat([text(1, key), wireField(2, 2, encodeValue(value))])),
    ),
  );
}

function encodeRecord(record: OtlpLogRecord): Buffer {
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(record.flags);
  return Buffer.concat([
    fixed64(1, record.timeUnixNano),
    wireField(2, 0, varint(record.severityNumber)),
    text(3, record.severityText),
    record.body === undefined ? Buffer.alloc(0) : wireField(5, 2, encodeValue(record.body)),
    encodePairs(6, record.attributes),
    wireField(7, 0, varint(record.droppedAttributesCount)),
    wireField(8, 5, flags),
    wireField(9, 2, Buffer.from(record.traceId ?? '', 'hex')),
    wireField(10, 2, Buffer.from(record.spanId ?? '', 'hex')),
    fixed64(11, record.observedTimeUnixNano),
    text(12, record.eventName),
  ]);
}

/** Every record under its own resource and scope. */
export function encodeOtlpProtobuf(records: readonly OtlpLogRecord[]): Buffer {
  const groups = records.map((record) => {
    const { resource, scope } = record;
    const scopeBytes = Buffer.concat([text(1, scope.name), text(2, scope.version), encodePairs(3, scope.attributes)]);
    // The records before what they share: a reader must not depend on the order.
    const scopeLogs = Buffer.concat([
      wireField(2, 2, encodeRecord(record)),
      wireField(1, 2, scopeBytes),
      text(3, scope.schemaUrl),
    ]);
    return wireField(
      1,
      2,
      Buffer.concat([
        wireField(2, 2, scopeLogs),
        wireField(1, 2, encodePairs(1, resource.attributes)),
        text(3, resource.schemaUrl),
      ]),
    );
  });
  return Buffer.concat(groups);
}

function jsonValue(value: OtlpValue): object {
  if (value === undefined) return {};
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return { intValue: String(value) };
  if (typeof value === 'number') return { doubleValue: Number.isFinite(value) ? value : String(value) };
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') };
  if (value instanceof Map) return { kvlistValue: { values: jsonPairs(value) } };
  return { arrayValue: { values: [...(Array.isArray(value) ? value : [])].map((item) => jsonValue(item)) } };
}

function jsonPairs(pairs: OtlpMap): object[] {
  return [...pairs].map(([key, value]) => ({ key, value: jsonValue(value) }));
}

export function encodeOtlpJson(records: readonly OtlpLogRecord[]): string {
  const resourceLogs = records.map(
    ({ resource, scope, body, attributes, timeUnixNano, observedTimeUnixNano, traceId, spanId, ...rest }) => ({
      resource: { attributes: jsonPairs(resource.attributes) },
      schemaUrl: resource.schemaUrl,
      scopeLogs: [
        {
          scope: { name: scope.name, version: scope.version, attributes: jsonPairs(scope.attributes) },
          schemaUrl: scope.schemaUrl,
          logRecords: [
            {
              ...rest,
              ...(body === undefined ? {} : { body: jsonValue(body) }),
              attributes: jsonPairs(attributes),
              timeUnixNano: timeUnixNano ?? '0',
              observedTimeUnixNano: observedTimeUnixNano ?? '0',
              traceId: traceId?.toUpperCase() ?? '',
              spanId: spanId ?? '',
            },
          ],
        },
      ],
    }),
  );
  return JSON.stringify({ resourceLogs });
}
