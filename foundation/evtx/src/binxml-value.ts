import type { Buffer } from 'node:buffer';
import { utf16 } from './binxml-cursor.ts';
import type { JsonScalar } from './json.ts';
import { fileTimeText, systemTimeText } from './windows-time.ts';

/** GUIDs as SigmaHQ's JSON has them, or in the braces Windows writes and rules quote (`'{0CCE9215-69AE-11D9-BED3-505054503030}'`). */
export type GuidStyle = 'bare' | 'braced';

/** [MS-EVEN6] 2.2.12 value types; arrays have 0x80 added. */
export const valueType = {
  null: 0x00,
  string: 0x01,
  ansiString: 0x02,
  int8: 0x03,
  uint8: 0x04,
  int16: 0x05,
  uint16: 0x06,
  int32: 0x07,
  uint32: 0x08,
  int64: 0x09,
  uint64: 0x0a,
  real32: 0x0b,
  real64: 0x0c,
  boolean: 0x0d,
  binary: 0x0e,
  guid: 0x0f,
  sizeT: 0x10,
  fileTime: 0x11,
  systemTime: 0x12,
  sid: 0x13,
  hexInt32: 0x14,
  hexInt64: 0x15,
  binXml: 0x21,
} as const;

export const arrayFlag = 0x80;

/** Bytes of one item where a type has a fixed number of them. */
const itemSizes: ReadonlyMap<number, number> = new Map([
  [valueType.int8, 1],
  [valueType.uint8, 1],
  [valueType.int16, 2],
  [valueType.uint16, 2],
  [valueType.int32, 4],
  [valueType.uint32, 4],
  [valueType.int64, 8],
  [valueType.uint64, 8],
  [valueType.real32, 4],
  [valueType.real64, 8],
  [valueType.boolean, 4],
  [valueType.guid, 16],
  [valueType.fileTime, 8],
  [valueType.systemTime, 16],
  [valueType.hexInt32, 4],
  [valueType.hexInt64, 8],
]);

/**
 * A value as JSON holds it. Whole numbers are numbers up to 2^53, beyond that decimal text; hexadecimal types `0x…`; times ISO
 * text with seven digits; a SID `S-1-…`; binary, and whatever does not have the size or shape of its type, hexadecimal digits:
 * bytes that cannot be understood are still evidence. No value fails.
 */
export function decodeValue(bytes: Buffer, type: number, guids: GuidStyle): JsonScalar {
  if (type === valueType.null) return null;
  if (bytes.length === 0) return type === valueType.string || type === valueType.ansiString ? '' : null;
  switch (type) {
    case valueType.string:
      return withoutEndingZeros(utf16(bytes, 0, bytes.length & ~1));
    case valueType.ansiString:
      return withoutEndingZeros(ansiText(bytes));
    case valueType.int8:
    case valueType.int16:
    case valueType.int32:
    case valueType.int64:
      return signed(bytes) ?? hex(bytes);
    case valueType.uint8:
    case valueType.uint16:
    case valueType.uint32:
    case valueType.uint64:
      return unsigned(bytes) ?? hex(bytes);
    case valueType.real32:
      return bytes.length === 4 ? real(bytes.readFloatLE(0)) : hex(bytes);
    case valueType.real64:
      return bytes.length === 8 ? real(bytes.readDoubleLE(0)) : hex(bytes);
    case valueType.boolean:
      return (unsigned(bytes) ?? 1) !== 0;
    case valueType.guid:
      return bytes.length === 16 ? guidText(bytes, guids) : hex(bytes);
    case valueType.fileTime:
      return bytes.length === 8 ? fileTimeText(bytes.readBigUInt64LE(0)) : hex(bytes);
    case valueType.systemTime:
      return (bytes.length === 16 ? systemTimeText(words(bytes)) : undefined) ?? hex(bytes);
    case valueType.sid:
      return sidText(bytes) ?? hex(bytes);
    case valueType.sizeT:
    case valueType.hexInt32:
    case valueType.hexInt64:
      return hexNumber(bytes) ?? hex(bytes);
    default:
      return hex(bytes);
  }
}

/** Splits an array into the bytes of its items; undefined when its bytes do not come out even or its type has no arrays. */
export function arrayItems(bytes: Buffer, itemType: number): Buffer[] | undefined {
  if (itemType === valueType.string) return zeroEnded(bytes.subarray(0, bytes.length & ~1), 2);
  if (itemType === valueType.ansiString) return zeroEnded(bytes, 1);
  if (itemType === valueType.sid) return sids(bytes);
  const size = itemSizes.get(itemType);
  if (size === undefined || bytes.length % size !== 0) return undefined;
  const items: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += size) items.push(bytes.subarray(start, start + size));
  return items;
}

/** Texts each with a zero at its end; the last may go without. */
function zeroEnded(bytes: Buffer, width: 1 | 2): Buffer[] {
  const items: Buffer[] = [];
  let start = 0;
  for (let at = 0; at < bytes.length; at += width) {
    if (bytes[at] !== 0 || (width === 2 && bytes[at + 1] !== 0)) continue;
    items.push(bytes.subarray(start, at));
    start = at + width;
  }
  if (start < bytes.length) items.push(bytes.subarray(start));
  return items;
}

function sids(bytes: Buffer): Buffer[] | undefined {
  const items: Buffer[] = [];
  let start = 0;
  while (start < bytes.length) {
    const end = start + 8 + 4 * (bytes[start + 1] ?? 0);
    if (end > bytes.length) return undefined;
    items.push(bytes.subarray(start, end));
    start = end;
  }
  return items;
}

function withoutEndingZeros(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end -= 1;
  return end === text.length ? text : text.slice(0, end);
}

/** The code page is not written down anywhere: UTF-8 where the bytes are that, else one character a byte. */
function ansiText(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? bytes.toString('latin1') : text;
}

function unsigned(bytes: Buffer): number | string | undefined {
  switch (bytes.length) {
    case 1:
    case 2:
    case 4:
      return bytes.readUIntLE(0, bytes.length);
    case 8:
      return whole(bytes.readBigUInt64LE(0));
    default:
      return undefined;
  }
}

function signed(bytes: Buffer): number | string | undefined {
  switch (bytes.length) {
    case 1:
    case 2:
    case 4:
      return bytes.readIntLE(0, bytes.length);
    case 8:
      return whole(bytes.readBigInt64LE(0));
    default:
      return undefined;
  }
}

function whole(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function real(value: number): number | string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? 0 : value;
  if (Number.isNaN(value)) return '-1.#IND';
  return value > 0 ? '1.#INF' : '-1.#INF';
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}

function hexNumber(bytes: Buffer): string | undefined {
  if (bytes.length === 4) return `0x${bytes.readUInt32LE(0).toString(16)}`;
  return bytes.length === 8 ? `0x${bytes.readBigUInt64LE(0).toString(16)}` : undefined;
}

function guidText(bytes: Buffer, style: GuidStyle): string {
  const first = bytes.readUInt32LE(0).toString(16).padStart(8, '0');
  const second = bytes.readUInt16LE(4).toString(16).padStart(4, '0');
  const third = bytes.readUInt16LE(6).toString(16).padStart(4, '0');
  const text = `${first}-${second}-${third}-${bytes.toString('hex', 8, 10)}-${bytes.toString('hex', 10)}`.toUpperCase();
  return style === 'braced' ? `{${text}}` : text;
}

function words(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at < bytes.length; at += 2) found.push(bytes.readUInt16LE(at));
  return found;
}

/** [MS-DTYP] 2.4.2.1: the authority is decimal below 2^32 and hexadecimal from there. */
function sidText(bytes: Buffer): string | undefined {
  if (bytes.length < 8 || bytes.length !== 8 + 4 * (bytes[1] ?? 0)) return undefined;
  const authority = bytes.readUIntBE(2, 6);
  let text = `S-${bytes[0] ?? 0}-${authority < 2 ** 32 ? authority : `0x${authority.toString(16).padStart(12, '0')}`}`;
  for (let at = 8; at < bytes.length; at += 4) text += `-${bytes.readUInt32LE(at)}`;
  return text;
}
