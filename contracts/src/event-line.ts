import { accessRights, eventAction } from './event-action.ts';
import { isJsonObject, parseJson, textsOf } from './json-value.ts';
import type { JsonObject, JsonValue } from './ocsf.ts';

/** An event in a line, the same wherever events are listed. Empty where it says nothing. Text as it came in: not safe to print. */
export type EventLine = {
  readonly host: string;
  readonly user: string;
  readonly product: string;
  /** What happened and to what, as far as one line says it. */
  readonly text: string;
};

/** In UTF-16 units. */
const maxNameLength = 100;
const maxTextLength = 240;

/** Short words for the kinds of event that are told apart at a glance. */
const kinds: Readonly<Record<number, string>> = {
  1001: 'file',
  1002: 'kernel',
  1005: 'module',
  1006: 'job',
  1007: 'process',
  1008: 'log',
  2004: 'finding',
  3001: 'account',
  3002: 'sign-in',
  3004: 'change',
  3005: 'access',
  3006: 'group',
  4001: 'network',
  4002: 'http',
  4003: 'dns',
  5001: 'host',
  5002: 'config',
  5019: 'config',
  6002: 'app',
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

/** What happened, then to what: `registry value set: HKLM\\…\\Run\\x = cmd.exe by setup.exe`. */
function textOf(event: JsonObject): string {
  const told = first(event, maxTextLength, ['finding_info', 'title']);
  if (told !== '') return told;
  if (isOwnAudit(event)) return cut(ownAudit(event));
  const action = eventAction(event);
  const about = action === '' ? '' : subject(event);
  if (about !== '') return cut(`${action}: ${about}`);
  const message = first(event, maxTextLength, ['message'], ['process', 'cmd_line'], ['process', 'file', 'path']);
  if (message !== '') return message;
  const text = original(event);
  return action === '' || text !== '' ? text : action;
}

/** What it happened to, and by whose hand where that is not the same. */
function subject(event: JsonObject): string {
  switch (event['class_uid']) {
    case 1007:
      return processSubject(event);
    case 3002:
      return signIn(event);
    case 4001:
      return connection(event);
    case 201_002:
      return joined(registryValue(event), ' by ', actingProgram(event));
    default: {
      const named = first(event, maxTextLength, ...subjects);
      const by = actingProgram(event) || first(event, maxNameLength, ['actor', 'user', 'name']);
      return named === '' || named === by ? named : joined(named, ' by ', by);
    }
  }
}

const subjects = [
  ['query', 'hostname'],
  ['reg_key', 'path'],
  ['module', 'file', 'path'],
  ['driver', 'file', 'path'],
  ['file', 'path'],
  ['http_request', 'url', 'url_string'],
  ['api', 'operation'],
  ['win_service', 'name'],
  ['job', 'name'],
  ['log_name'],
  ['group', 'name'],
  ['user', 'name'],
  ['dst_endpoint', 'hostname'],
  ['dst_endpoint', 'ip'],
] as const;

/** Of one process that reaches into another: both, and what it may do there. */
function processSubject(event: JsonObject): string {
  const path = first(
    event,
    maxTextLength,
    ['process', 'file', 'path'],
    ['process', 'file', 'name'],
    ['process', 'name'],
  );
  const activity = event['activity_id'];
  if (activity === 3 || activity === 4) {
    const by = actingProgram(event);
    const mask = event['actual_permissions'];
    const may = typeof mask === 'number' && Number.isSafeInteger(mask) && mask > 0 ? `, ${accessRights(mask)}` : '';
    const target = baseName(path);
    return target === '' ? '' : `${by === '' ? '' : `${by} → `}${target}${may}`;
  }
  return first(event, maxTextLength, ['process', 'cmd_line']) || path;
}

function registryValue(event: JsonObject): string {
  const path = first(event, maxTextLength, ['reg_value', 'path']);
  const name = first(event, maxNameLength, ['reg_value', 'name']);
  const whole = name === '' || path.endsWith(`\\${name}`) ? path : joined(path, '\\', name) || name;
  return joined(whole, ' = ', first(event, maxNameLength, ['reg_value', 'data']));
}

/** `alice from 192.0.2.7` */
function signIn(event: JsonObject): string {
  const user = first(event, maxNameLength, ['user', 'name'], ['actor', 'user', 'name']);
  const from = first(event, maxNameLength, ['src_endpoint', 'ip'], ['src_endpoint', 'hostname']);
  return joined(user, ' from ', from) || first(event, maxTextLength, ['dst_endpoint', 'hostname']);
}

/** `dns.exe → 192.0.2.7:53` */
function connection(event: JsonObject): string {
  const to = first(event, maxNameLength, ['dst_endpoint', 'hostname'], ['dst_endpoint', 'ip']);
  if (to === '') return '';
  const port = at(event, ['dst_endpoint', 'port']);
  const program = actingProgram(event);
  return `${program === '' ? '' : `${program} `}→ ${to}${typeof port === 'number' ? `:${port}` : ''}`;
}

function actingProgram(event: JsonObject): string {
  const actor = ['actor', 'process'] as const;
  return baseName(
    first(event, maxTextLength, [...actor, 'name'], [...actor, 'file', 'name'], [...actor, 'file', 'path']),
  );
}

/** What this server wrote about itself; an event from outside has its original, whatever log it says it is of. */
function isOwnAudit(event: JsonObject): boolean {
  return event['raw_data'] === undefined && at(event, ['metadata', 'log_name']) === 'audit';
}

/** `user.roles Vera: analyst → guard` */
function ownAudit(event: JsonObject): string {
  const own = ['unmapped', 'sallyport'] as const;
  const action = first(event, maxNameLength, ['metadata', 'event_code'], ['message']);
  const [name, id] = [
    first(event, maxNameLength, [...own, 'target', 'name']),
    first(event, maxTextLength, [...own, 'target', 'id']),
  ];
  const isRoute = at(event, [...own, 'target', 'type']) === 'route';
  const target = isRoute ? joined(name, ' ', id) || id : name || id;
  const details = at(event, [...own, 'details']);
  const done = joined(joined(action, ' ', target), ': ', isJsonObject(details) ? roleChange(details) : '');
  return event['status_id'] === 2 ? `${done}, refused` : done;
}

/** `analyst → guard`; the new roles alone where a record does not say the old ones. Empty where it tells of none. */
export function roleChange(details: JsonObject): string {
  const [before, after] = [namesIn(details['roles_before']), namesIn(details['roles'])];
  return before === '' || after === '' ? after : `${before} → ${after}`;
}

function namesIn(value: JsonValue | undefined): string {
  return textsOf(value).slice(0, 20).join(', ');
}

/** Both with the sign between them, or the first alone; nothing without the first. */
function joined(text: string, sign: string, more: string): string {
  return text === '' || more === '' ? text : `${text}${sign}${more}`;
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
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
