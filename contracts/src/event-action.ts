import type { JsonObject } from './ocsf.ts';

/** By class, then by activity (OCSF 1.8, `activity_id` of each class); 0 stands for any other activity. */
const actions: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  1001: {
    0: 'file touched',
    1: 'file created',
    2: 'file read',
    3: 'file changed',
    4: 'file deleted',
    5: 'file renamed',
    6: 'file attributes set',
    7: 'file permissions set',
    14: 'file opened',
  },
  1002: { 0: 'driver', 1: 'driver loaded', 2: 'driver unloaded' },
  1005: { 0: 'module', 1: 'module loaded', 2: 'module unloaded' },
  1006: {
    0: 'scheduled job',
    1: 'scheduled job created',
    2: 'scheduled job changed',
    3: 'scheduled job deleted',
    4: 'scheduled job enabled',
    5: 'scheduled job disabled',
    6: 'scheduled job started',
  },
  1007: {
    0: 'process',
    1: 'process started',
    2: 'process ended',
    3: 'process accessed',
    4: 'process injected into',
    5: 'process changed user',
  },
  1008: {
    0: 'event log',
    1: 'event log cleared',
    2: 'event log deleted',
    3: 'event log exported',
    6: 'event log started',
    7: 'event log stopped',
  },
  3001: {
    0: 'account changed',
    1: 'account created',
    2: 'account enabled',
    3: 'password changed',
    4: 'password reset',
    5: 'account disabled',
    6: 'account deleted',
    9: 'account locked',
    12: 'account unlocked',
  },
  3002: { 0: 'sign-in', 1: 'signed in', 2: 'signed out', 3: 'ticket given', 4: 'service ticket asked for' },
  3005: { 0: 'access changed', 1: 'privileges given', 2: 'privileges taken' },
  3006: {
    0: 'group changed',
    3: 'group member added',
    4: 'group member removed',
    5: 'group deleted',
    6: 'group created',
  },
  4001: {
    0: 'network connection',
    2: 'network connection closed',
    3: 'network connection reset',
    4: 'network connection failed',
    5: 'network connection refused',
    7: 'network listener',
  },
  4002: { 0: 'HTTP request' },
  4003: { 0: 'name looked up' },
  6003: { 0: 'API call' },
  201_001: {
    0: 'registry key touched',
    1: 'registry key created',
    3: 'registry key changed',
    4: 'registry key deleted',
    5: 'registry key renamed',
  },
  201_002: {
    0: 'registry value touched',
    1: 'registry value read',
    2: 'registry value set',
    3: 'registry value changed',
    4: 'registry value deleted',
  },
  201_004: {
    0: 'service',
    1: 'service created',
    2: 'service changed',
    3: 'service started',
    4: 'service stopped',
    7: 'service deleted',
  },
};

/** `process started`; empty where the class has no words. What did not succeed says so. */
export function eventAction(event: JsonObject): string {
  const [kind, activity, status] = [event['class_uid'], event['activity_id'], event['status_id']];
  const words = typeof kind === 'number' ? actions[kind] : undefined;
  if (words === undefined) return '';
  const named = (typeof activity === 'number' ? words[activity] : undefined) ?? words[0] ?? '';
  if (status !== 2) return named;
  return kind === 3002 && activity === 1 ? 'sign-in failed' : `${named}, failed`;
}

/** Rights over a process that matter to whoever defends it (Windows, `PROCESS_*`). */
const rights: readonly (readonly [number, string])[] = [
  [0x10, 'read its memory'],
  [0x20, 'write its memory'],
  [0x2, 'start a thread in it'],
  [0x40, 'copy its handles'],
  [0x800, 'suspend it'],
  [0x1, 'end it'],
];

/** `0x1410: may read its memory` */
export function accessRights(mask: number): string {
  const hex = `0x${mask.toString(16)}`;
  if ((mask & 0x1f_ff_ff) === 0x1f_ff_ff) return `${hex}: may do anything`;
  const named = rights.filter(([bit]) => (mask & bit) !== 0).map(([, words]) => words);
  return named.length === 0 ? hex : `${hex}: may ${named.join(', ')}`;
}
