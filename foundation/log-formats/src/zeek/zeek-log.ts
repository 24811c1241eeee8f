// Zeek's ASCII logs: tab-separated with `#` headers, and one JSON object a line.
import { parseJsonObject } from '../text/bounded-json.ts';
import type { JsonObject } from '../text/bounded-json.ts';
import { accept, quoted, refuse } from '../text/parsed.ts';
import type { Parsed, Refusal } from '../text/parsed.ts';
import { fixedZone, readIsoTime } from '../text/timestamp.ts';

export type ZeekValue = string | number | boolean | readonly string[];

export type ZeekRecord = {
  /** `conn`, `dns` …: from `#path`, or `_path` in JSON where the sender adds it. */
  readonly path: string | undefined;
  readonly unixMs: number | undefined;
  /** Unset fields are left out. In JSON values are as they came. */
  readonly fields: ReadonlyMap<string, unknown>;
};

export type ZeekRefusalCode =
  | 'zeek_too_long'
  | 'zeek_header'
  | 'zeek_no_header'
  | 'zeek_columns'
  | 'zeek_json'
  | 'zeek_not_a_record';
export type ZeekLimits = { readonly maxCharacters: number; readonly maxColumns: number };
export const defaultZeekLimits: ZeekLimits = { maxCharacters: 1 << 20, maxColumns: 512 };

export type ZeekReader = {
  /** One line without its end. A header line gives undefined. */
  read(line: string): Parsed<ZeekRecord, ZeekRefusalCode> | undefined;
};

type Header = {
  separator: string;
  setSeparator: string;
  empty: string;
  unset: string;
  path: string | undefined;
  names: readonly string[];
  types: readonly string[];
};

const freshHeader = {
  separator: '\t',
  setSeparator: ',',
  empty: '(empty)',
  unset: '-',
  path: undefined,
  names: [],
  types: [],
} as const;

/** Reads one log file or stream: the headers of a TSV log hold until the next. */
export function createZeekReader(limits: ZeekLimits = defaultZeekLimits): ZeekReader {
  let header: Header = { ...freshHeader };

  function readHeader(line: string): Refusal<ZeekRefusalCode> | undefined {
    // The separator of the first header line is a space, whatever it says.
    if (line.startsWith('#separator ')) {
      const separator = unescapeZeek(line.slice(11));
      header = { ...freshHeader, separator };
      return separator.length === 1
        ? undefined
        : refuse('zeek_header', 11, `Separator is ${quoted(separator)}, must be one character`);
    }
    const [name = '', ...values] = line.split(header.separator, limits.maxColumns + 2);
    if (values.length > limits.maxColumns)
      return refuse('zeek_header', 0, `Header has more than ${limits.maxColumns} columns`);
    const [first = ''] = values;
    if (name === '#set_separator' && first !== '') header.setSeparator = unescapeZeek(first);
    else if (name === '#empty_field') header.empty = first;
    else if (name === '#unset_field') header.unset = first;
    else if (name === '#path') header.path = first;
    else if (name === '#fields') header.names = values;
    else if (name === '#types') header.types = values;
    return undefined;
  }

  function readRow(line: string): Parsed<ZeekRecord, ZeekRefusalCode> {
    if (header.names.length === 0) return refuse('zeek_no_header', 0, 'Record comes before a "#fields" line');
    const cells = line.split(header.separator, header.names.length + 1);
    if (cells.length !== header.names.length)
      return refuse('zeek_columns', 0, `Record has ${cells.length} columns, must have ${header.names.length}`);
    const fields = new Map<string, ZeekValue>();
    for (const [index, name] of header.names.entries()) {
      const cell = cells[index] ?? header.unset;
      if (cell !== header.unset) fields.set(name, typedValue(cell, header.types[index] ?? 'string', header));
    }
    const ts = fields.get('ts');
    return accept({
      path: header.path,
      unixMs: unixMsOf(ts),
      fields,
    });
  }

  function read(line: string): Parsed<ZeekRecord, ZeekRefusalCode> | undefined {
    if (line.length > limits.maxCharacters)
      return refuse(
        'zeek_too_long',
        limits.maxCharacters,
        `Line has ${line.length} characters, must be at most ${limits.maxCharacters}`,
      );
    if (line === '') return undefined;
    if (line.startsWith('#')) return readHeader(line);
    return line.startsWith('{') ? parseZeekJson(line, limits) : readRow(line);
  }

  return { read };
}

/** Whole milliseconds of seconds with a fraction, where they are a time. */
function unixMsOf(seconds: unknown): number | undefined {
  const unixMs = typeof seconds === 'number' ? Math.floor(Number((seconds * 1000).toFixed(3))) : Number.NaN;
  return Number.isSafeInteger(unixMs) ? unixMs : undefined;
}

function typedValue(cell: string, type: string, header: Header): ZeekValue {
  if (type.startsWith('set[') || type.startsWith('vector[')) {
    return cell === header.empty ? [] : cell.split(header.setSeparator).map((item) => unescapeZeek(item));
  }
  switch (type) {
    case 'bool':
      return cell === 'T' ? true : cell === 'F' ? false : cell;
    case 'count':
    case 'int':
    case 'port':
    case 'time':
    case 'double':
    case 'interval': {
      const number = /^-?[0-9.]{1,25}(?:e[+-]?\d{1,3})?$/.test(cell) ? Number(cell) : Number.NaN;
      return Number.isNaN(number) || (!cell.includes('.') && !Number.isSafeInteger(number)) ? cell : number;
    }
    default:
      return cell === header.empty ? '' : unescapeZeek(cell);
  }
}

/** `\x09` stands for the byte. */
function unescapeZeek(text: string): string {
  return text.includes(String.raw`\x`)
    ? text.replaceAll(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;
}

/** A JSON line with what every Zeek log has: a time, and a connection's `uid`, a `_path`, or dotted `id.` names. */
export function parseZeekJson(
  line: string,
  limits: ZeekLimits = defaultZeekLimits,
): Parsed<ZeekRecord, ZeekRefusalCode> {
  const parsed = parseJsonObject(line, { maxCharacters: limits.maxCharacters, maxDepth: 32 });
  if (!parsed.ok) return refuse('zeek_json', parsed.at, parsed.message);
  const object = parsed.value;
  if (!isZeek(object)) return refuse('zeek_not_a_record', 0, 'Object has no "ts" beside "uid", "_path" or "id.orig_h"');
  const ts = object['ts'];
  const iso = typeof ts === 'string' ? readIsoTime(ts, 0, fixedZone(0)) : undefined;
  const unixMs = unixMsOf(ts) ?? iso?.time.unixMs;
  const path = object['_path'];
  return accept({ path: typeof path === 'string' ? path : undefined, unixMs, fields: new Map(Object.entries(object)) });
}

function isZeek(object: JsonObject): boolean {
  return (
    Object.hasOwn(object, 'ts') &&
    (Object.hasOwn(object, '_path') || Object.hasOwn(object, 'uid') || Object.hasOwn(object, 'id.orig_h'))
  );
}
