import { isRecordListHead, maxRecordListHead } from '@sallyport/log-formats';

const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;

function isWhitespace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}

/** Whether a line beginning with this byte can begin a record: an indented or closing line continues one. */
export function isRecordStart(byte: number | undefined): boolean {
  return byte !== undefined && !isWhitespace(byte) && byte !== 0x7d && byte !== 0x5d;
}

/** The first line after `from` and before `to` that can begin a record, or -1. */
export function nextRecordStart(bytes: Buffer, from: number, to: number): number {
  for (
    let lineEnd = bytes.indexOf(newline, from);
    lineEnd >= 0 && lineEnd + 1 < to;
    lineEnd = bytes.indexOf(newline, lineEnd + 1)
  ) {
    if (isRecordStart(bytes[lineEnd + 1])) return lineEnd + 1;
  }
  return -1;
}

/** The end of [from, to) without trailing whitespace. */
export function compactedLength(bytes: Buffer, from: number, to: number): number {
  let end = to;
  while (end > from && isWhitespace(bytes[end - 1])) end -= 1;
  return end;
}

/** Whether [from, to) is the beginning of a document that is a list of records: `{ "Records" :`. */
export function matchesRecordsKey(bytes: Buffer, from: number, to: number): boolean {
  return to - from <= maxRecordListHead && isRecordListHead(bytes.toString('latin1', from, to));
}

/**
 * The record on one line, as a line protocol needs it. Whitespace between tokens goes; nothing else changes:
 * numbers and strings keep every byte, which parsing and printing again would not (`9007199254740993`).
 * In a broken record only the line ends become spaces.
 */
export function onOneLine(bytes: Buffer, kind: 'json' | 'broken'): Buffer {
  if (!bytes.includes(newline) && !bytes.includes(0x0d)) return bytes;
  const result = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let inString = false;
  let escaped = false;
  for (const byte of bytes) {
    if (kind === 'broken') {
      result[length++] = byte === newline || byte === 0x0d ? 0x20 : byte;
      continue;
    }
    if (!inString && isWhitespace(byte)) continue;
    if (escaped) escaped = false;
    else if (byte === backslash) escaped = inString;
    else if (byte === quote) inString = !inString;
    result[length++] = byte === 0x0d ? 0x20 : byte;
  }
  return result.subarray(0, length);
}
