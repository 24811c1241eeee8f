import { eventLine, isJsonObject } from '@sallyport/contracts';
import type { EventRow } from '../api/queries.ts';

/** A place in an event and how the query language names it. */
export type EventFact = { readonly label: string; readonly field: string; readonly value: string };

const places: readonly { readonly label: string; readonly field: string; readonly paths: readonly string[] }[] = [
  { label: 'Message', field: 'message', paths: ['message'] },
  { label: 'Host', field: 'host', paths: ['device.hostname', 'device.name', 'device.ip'] },
  { label: 'User', field: 'user', paths: ['actor.user.name', 'user.name', 'actor.user.uid', 'user.uid'] },
  {
    label: 'Process',
    field: 'process',
    paths: ['process.file.path', 'process.name', 'actor.process.file.path', 'actor.process.name'],
  },
  { label: 'Command line', field: 'command_line', paths: ['process.cmd_line', 'actor.process.cmd_line'] },
  { label: 'File', field: 'file', paths: ['file.path', 'file.name'] },
  { label: 'From', field: 'src_ip', paths: ['src_endpoint.ip'] },
  { label: 'To', field: 'dst_ip', paths: ['dst_endpoint.ip'] },
  { label: 'Operation', field: 'operation', paths: ['api.operation'] },
  { label: 'Log', field: 'log_name', paths: ['metadata.log_name'] },
  { label: 'Code', field: 'event_code', paths: ['metadata.event_code'] },
  { label: 'Product', field: 'product', paths: ['metadata.product.name'] },
];

const classNames = new Map([
  [-1, 'Erased'],
  [0, 'Event'],
  [1001, 'File'],
  [1002, 'Kernel extension'],
  [1005, 'Module'],
  [1006, 'Scheduled job'],
  [1007, 'Process'],
  [1008, 'Event log'],
  [2004, 'Finding'],
  [3001, 'Account change'],
  [3002, 'Sign-in'],
  [3004, 'Management'],
  [4001, 'Network'],
  [3005, 'Access change'],
  [3006, 'Group change'],
  [4002, 'HTTP'],
  [4003, 'DNS'],
  [5001, 'Host inventory'],
  [5002, 'Configuration'],
  [5019, 'Configuration'],
  [6002, 'Application'],
  [6003, 'API call'],
  [201_001, 'Registry'],
  [201_002, 'Registry'],
  [201_004, 'Service'],
]);

function valueAt(event: unknown, path: string): unknown {
  let value = event;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = new Map<string, unknown>(Object.entries(value)).get(name);
  }
  return value;
}

function textAt(event: unknown, path: string): string | undefined {
  const value = valueAt(event, path);
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;
}

export function eventFacts({ event }: EventRow): EventFact[] {
  return places.flatMap(({ label, field, paths }) => {
    // Of a sign-in here who acted is nobody yet: it is about the name that was given.
    const own = field === 'user' && valueAt(event, 'class_uid') === 3002 ? ['user.name', ...paths] : paths;
    const value = own.map((path) => textAt(event, path)).find((found) => found !== undefined);
    return value === undefined ? [] : [{ label, field, value }];
  });
}

/** -1 when the content was erased. */
export function classUidOf({ event }: EventRow): number {
  const uid = valueAt(event, 'class_uid');
  return typeof uid === 'number' ? uid : -1;
}

export function className(uid: number): string {
  return classNames.get(uid) ?? `Class ${uid}`;
}

/** One line that says what happened. */
export function eventSummary({ event }: EventRow): string {
  if (event === null) return 'The content was erased; its seal remains';
  const text = isJsonObject(event) ? eventLine(event).text : '';
  return text === '' ? (textAt(event, 'metadata.event_code') ?? '') : text;
}

/** Made up to try things out, and marked so by whoever sent it. */
export function isSynthetic({ event }: EventRow): boolean {
  return valueAt(event, 'unmapped.synthetic') === true;
}

export function rawText({ event }: EventRow): string | undefined {
  return textAt(event, 'raw_data');
}
