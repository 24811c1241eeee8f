import { isJsonObject, parseJson } from './json-value.ts';
import type { JsonObject, JsonValue } from './ocsf.ts';

/** An event in a line, the same wherever events are listed. Empty where it says nothing. Text as it came in: not safe to print. */
export type EventLine = {
  readonly host: string;
  readonly user: string;
  readonly product: string;
  /** What it is about, as far as one line says it. */
  readonly text: string;
};

/** In UTF-16 units. */
const maxNameLength = 100;
const maxTextLength = 240;

/** Short words for the kinds of event that are told apart at a glance. */
const kinds: Readonly<Record<number, string>> = {
  1001: 'file',
  1005: 'module',
  1006: 'job',
  1007: 'process',
  2004: 'finding',
  3001: 'account',
  3002: 'sign-in',
  3004: 'change',
  3005: 'access',
  4001: 'network',
  4003: 'dns',
  5019: 'config',
  6003: 'api',
  201_001: 'registry',
  201_002: 'registry',
  201_004: 'service',
};

/** `process`, `sign-in`; the class number where there is no word for it; empty for what could not be classified. */
export function eventKind(classUid: number): string {
  return kinds[classUid] ?? (classUid === 0 ? '' : String(classUid));
}

/** Reads an OCSF event. Never throws; every text is bounded and well-formed. */
export function eventLine(event: JsonObject): EventLine {
  return {
    host: first(event, maxNameLength, ['device', 'hostname'], ['device', 'name'], ['src_endpoint', 'ip']),
    user: first(event, maxNameLength, ['actor', 'user', 'name'], ['user', 'name']),
    product: first(event, maxNameLength, ['metadata', 'product', 'name']),
    text: textOf(event),
  };
}

function textOf(event: JsonObject): string {
  const told = first(event, maxTextLength, ['finding_info', 'title'], ['process', 'cmd_line'], ['message']);
  if (told !== '') return told;
  const kind = event['class_uid'];
  if (kind === 3002) return cut(signIn(event));
  if (kind === 4001) return cut(connection(event));
  const named = first(
    event,
    maxTextLength,
    ['query', 'hostname'],
    ['reg_value', 'path'],
    ['reg_key', 'path'],
    ['module', 'file', 'path'],
    ['file', 'path'],
    ['process', 'file', 'path'],
    ['api', 'operation'],
    ['win_service', 'name'],
    ['job', 'name'],
    ['dst_endpoint', 'hostname'],
    ['dst_endpoint', 'ip'],
  );
  return named === '' ? original(event) : named;
}

/** `alice from 192.0.2.7` */
function signIn(event: JsonObject): string {
  const user = first(event, maxNameLength, ['user', 'name'], ['actor', 'user', 'name']);
  const from = first(event, maxNameLength, ['src_endpoint', 'ip'], ['src_endpoint', 'hostname']);
  if (user === '') return first(event, maxTextLength, ['dst_endpoint', 'hostname'], ['raw_data']);
  return from === '' ? user : `${user} from ${from}`;
}

/** `dns.exe → 192.0.2.7:53` */
function connection(event: JsonObject): string {
  const to = first(event, maxNameLength, ['dst_endpoint', 'hostname'], ['dst_endpoint', 'ip']);
  if (to === '') return original(event);
  const port = at(event, ['dst_endpoint', 'port']);
  const program = first(event, maxNameLength, ['actor', 'process', 'name'], ['actor', 'process', 'file', 'name']);
  return `${program === '' ? '' : `${program} `}→ ${to}${typeof port === 'number' ? `:${port}` : ''}`;
}

/** Of JSON, what it says of itself: a record of Windows carries a text of many lines, of which the first one tells most. */
function original(event: JsonObject): string {
  const raw = event['raw_data'];
  if (typeof raw !== 'string') return '';
  const record = raw.startsWith('{') ? parsed(raw) : undefined;
  const text = record === undefined ? '' : first(record, raw.length, ['Message'], ['message'], ['msg']);
  return cut(text === '' ? raw : (text.split(/[\r\n]/, 1)[0] ?? ''));
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value = parseJson(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function first(event: JsonObject, maxLength: number, ...paths: readonly (readonly string[])[]): string {
  for (const path of paths) {
    const value = at(event, path);
    if (typeof value === 'string' && value !== '') return value.slice(0, maxLength).toWellFormed();
  }
  return '';
}

function at(event: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = event;
  for (const name of path) value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

function cut(text: string): string {
  return text.slice(0, maxTextLength).toWellFormed();
}
