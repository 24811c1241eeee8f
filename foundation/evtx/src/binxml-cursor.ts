import type { Buffer } from 'node:buffer';
import { EvtxFault } from './damage.ts';

/** A place in a chunk; never reads past `end`. */
export type Cursor = {
  readonly bytes: Buffer;
  position: number;
  readonly end: number;
};

/** Moves on by `size` bytes and gives where they begin. */
export function take(cursor: Cursor, size: number): number {
  const { position } = cursor;
  if (size > cursor.end - position)
    throw new EvtxFault('binxml_truncated', position, `${size} bytes are wanted and ${cursor.end - position} are left`);
  cursor.position = position + size;
  return position;
}

export function takeUint8(cursor: Cursor): number {
  return cursor.bytes[take(cursor, 1)] ?? 0;
}

export function takeUint16(cursor: Cursor): number {
  return cursor.bytes.readUInt16LE(take(cursor, 2));
}

export function takeUint32(cursor: Cursor): number {
  return cursor.bytes.readUInt32LE(take(cursor, 4));
}

/** UTF-16LE; half a surrogate pair becomes U+FFFD, which every store can hold. */
export function utf16(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf16le', start, end).toWellFormed();
}

/** A text with the number of its characters before it. */
export function takeText(cursor: Cursor): string {
  const size = takeUint16(cursor) * 2;
  const start = take(cursor, size);
  return utf16(cursor.bytes, start, start + size);
}
