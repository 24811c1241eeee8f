// The wire format of Protocol Buffers, as far as OTLP needs it: bounded, no groups, unknown fields skipped by the caller.
import type { Buffer } from 'node:buffer';
import { OtlpFault } from './log-record.ts';

export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Reads one message, a range of the buffer. After `next()` the current field's value is `from` to `to`. */
export type WireReader = {
  readonly buffer: Buffer;
  field: number;
  wireType: number;
  /** First byte of the value; for `bytes` after its length. */
  from: number;
  to: number;
  position: number;
  readonly end: number;
};

export function wireReader(buffer: Buffer, from: number, end: number): WireReader {
  return { buffer, field: 0, wireType: 0, from, to: from, position: from, end };
}

/** Moves to the next field; false at the end of the message. */
export function nextField(reader: WireReader): boolean {
  if (reader.position >= reader.end) return false;
  const tag = readVarint(reader);
  const field = Math.floor(tag / 8);
  reader.field = field;
  reader.wireType = tag % 8;
  if (field === 0 || field > 536_870_911) throw fault(reader, `Field number is ${field}, must be 1 to 536870911`);
  reader.from = reader.position;
  switch (reader.wireType) {
    case wireTypes.varint:
      skipVarint(reader);
      break;
    case wireTypes.fixed64:
      reader.position += 8;
      break;
    case wireTypes.bytes: {
      const length = readVarint(reader);
      reader.from = reader.position;
      reader.position += length;
      break;
    }
    case wireTypes.fixed32:
      reader.position += 4;
      break;
    default:
      throw fault(reader, `Wire type is ${reader.wireType}, must be 0, 1, 2 or 5`);
  }
  reader.to = reader.position;
  if (reader.position > reader.end) throw fault(reader, `Field ${field} goes past the end of its message`);
  return true;
}

function fault(reader: WireReader, message: string): OtlpFault {
  return new OtlpFault('otlp_wire', Math.min(reader.position, reader.end), message);
}

/** A tag or length: values past 2^53 cannot be right and come out too large to fit. */
function readVarint(reader: WireReader): number {
  let value = 0;
  let scale = 1;
  for (let count = 0; count < 10; count += 1) {
    const byte = reader.position < reader.end ? reader.buffer[reader.position] : undefined;
    if (byte === undefined) throw fault(reader, 'Number is cut off');
    reader.position += 1;
    value += (byte & 127) * scale;
    if (byte < 128) return value;
    scale *= 128;
  }
  throw fault(reader, 'Number has more than 10 bytes');
}

function skipVarint(reader: WireReader): void {
  readVarint(reader);
}

/** True when the current field is `field` with this wire type. Another wire type makes it an unknown field. */
export function isField(reader: WireReader, field: number, wireType: number): boolean {
  return reader.field === field && reader.wireType === wireType;
}

function varintValue(reader: WireReader): bigint {
  let value = 0n;
  let shift = 0n;
  for (let at = reader.from; at < reader.to; at += 1) {
    value |= BigInt((reader.buffer[at] ?? 0) & 127) << shift;
    shift += 7n;
  }
  return BigInt.asUintN(64, value);
}

/** int64: a number where it is exact, else a bigint. */
export function int64Value(reader: WireReader): number | bigint {
  if (reader.to - reader.from <= 7) {
    let value = 0;
    for (let at = reader.to - 1; at >= reader.from; at -= 1) value = value * 128 + ((reader.buffer[at] ?? 0) & 127);
    return value;
  }
  const value = BigInt.asIntN(64, varintValue(reader));
  const narrow = Number(value);
  return Number.isSafeInteger(narrow) ? narrow : value;
}

export function uint32Value(reader: WireReader): number {
  return Number(BigInt.asUintN(32, varintValue(reader)));
}

export function stringValue(reader: WireReader): string {
  return reader.buffer.toString('utf8', reader.from, reader.to);
}

export function bytesValue(reader: WireReader): Uint8Array {
  return Uint8Array.from(reader.buffer.subarray(reader.from, reader.to));
}

export function subMessage(reader: WireReader): WireReader {
  return wireReader(reader.buffer, reader.from, reader.to);
}
