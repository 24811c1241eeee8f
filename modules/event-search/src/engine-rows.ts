import { engineJson, isReadAsItIs } from './engine-json.ts';
import type { StoreRow } from './row-encoding.ts';

/** Rows as the engine reads them, and how it is told to. */
export type EngineRows = {
  readonly values: Buffer;
  readonly format: 'CSV' | 'JSONCompactEachRow';
  readonly settings: Readonly<Record<string, string | number>>;
};

/** Stands in no text of JSON, where it would be written `\u001f`. */
const separator = '\u001f';
const separatorByte = 0x1f;
const newLine = 0x0a;
const carriageReturn = 0x0d;

/** Values between separators, in which no sign means anything. Nothing is guessed: no header, no types, no defaults for what is empty. */
const bareSettings = {
  format_csv_delimiter: separator,
  format_csv_allow_single_quotes: 0,
  format_csv_allow_double_quotes: 0,
  input_format_csv_detect_header: 0,
  input_format_csv_empty_as_default: 0,
  input_format_csv_trim_whitespaces: 0,
};

/**
 * One row a line. Bodies that are one line each, as all from intake are, go in byte by byte as they are; where one is not, all go in as
 * strings of JSON. A line break inside a value must never get out: behind an empty line, even between quotes, the engine takes what follows
 * for another statement. Bytes that are not UTF-8 become U+FFFD.
 */
export function engineRows(rows: readonly StoreRow[]): EngineRows {
  const readable = rows.map((row) => (isReadAsItIs(row.body) ? row : { ...row, body: mended(row.body) }));
  if (readable.every(({ body }) => canStandBare(body)))
    return { values: bareRows(readable), format: 'CSV', settings: bareSettings };
  return { values: quotedRows(readable), format: 'JSONCompactEachRow', settings: {} };
}

function mended(body: Uint8Array): Uint8Array {
  return Buffer.from(engineJson(textOf(body)));
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
}

/** Log, index, time and class with their separators, and the end of the line. */
const mostBesideBody = 10 + 16 + 23 + 10 + 4 + 1;

function bareRows(rows: readonly StoreRow[]): Buffer {
  const bytes = Buffer.allocUnsafe(rows.reduce((sum, { body }) => sum + mostBesideBody + body.byteLength, 0));
  const timeText = createTimeText();
  let at = 0;
  for (const { log, index, receivedAtMs, classUid, body } of rows) {
    const before = `${log}${separator}${index}${separator}${timeText(receivedAtMs)}${separator}${classUid}${separator}`;
    at += bytes.write(before, at, 'latin1');
    bytes.set(body, at);
    at += body.byteLength;
    bytes[at] = newLine;
    at += 1;
  }
  return bytes.subarray(0, at);
}

function quotedRows(rows: readonly StoreRow[]): Buffer {
  const timeText = createTimeText();
  const lines = rows.map(({ log, index, receivedAtMs, classUid, body }) => {
    return `[${log},${index},"${timeText(receivedAtMs)}",${classUid},${JSON.stringify(textOf(body))}]\n`;
  });
  return Buffer.from(lines.join(''));
}

/** As the engine writes times; the same is often asked for again. */
function createTimeText(): (timeMs: number) => string {
  let lastMs = -1;
  let text = '';
  return (timeMs) => {
    if (timeMs !== lastMs) text = new Date(timeMs).toISOString().slice(0, 23).replace('T', ' ');
    lastMs = timeMs;
    return text;
  };
}

/** Empty, as of an erased event, or an object in one line. */
function canStandBare(body: Uint8Array): boolean {
  if (body.byteLength === 0) return true;
  return (
    body[0] === 0x7b &&
    body.at(-1) === 0x7d &&
    !body.includes(newLine) &&
    !body.includes(carriageReturn) &&
    !body.includes(separatorByte)
  );
}
